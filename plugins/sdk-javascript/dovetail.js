// What a plugin author in JavaScript depends on: an overlay in a few lines.
//
//     import { overlay, row } from "../vendor/dovetail.js";
//
//     export const mapping = overlay({
//         name: "prefix",
//         title: "Names with a prefix",
//         version: "1.0.0",
//         kinds: ["configuration"],
//         rows: () => [row("configuration", "name", "name")],
//         change(record, change, config) {
//             change.text("name", `${config.prefix} ${record.text("name")}`);
//         },
//     });
//
// `change` sees one record and says what is different; what it does not mention stays as it was. The configuration is
// the layer's JSON. There is no clock, no randomness, no network and no console: `log` is where words go.

import { write } from "dovetail:plugin/log@0.1.0";

/** Writes a line to the host's log. */
export const log = {
    debug: (text) => write("debug", String(text)),
    info: (text) => write("info", String(text)),
    warn: (text) => write("warn", String(text)),
    error: (text) => write("error", String(text)),
};

/** Throw it from `change` where this record's data is at fault; `field` is empty for the record as a whole. */
export class DataError extends Error {
    constructor(field, message) {
        super(message);
        this.cause = { tag: "data", val: field };
    }
}

/** Throw it from `check` or `rows` where the configuration makes no sense; `key` says where in it. */
export class ConfigError extends Error {
    constructor(key, message) {
        super(message);
        this.cause = { tag: "invalid-config", val: key };
    }
}

/** A row of the table: a field that comes from the PSA only, with the policy that follows from that. */
export function row(kind, name, path) {
    return { kind, name, path, flow: "inward", policy: undefined, identifies: false };
}

/** A record as an overlay sees it. */
export class Record {
    #input;
    #source;

    constructor(input, organization) {
        /** `organization`, `location`, `contact`, `configuration` or `ticket`. */
        this.kind = input.source.kind;
        /** The PSA's id. */
        this.id = input.source.id;
        /** The name of the organization the layer is set for, where it is set for one. */
        this.organization = organization;
        this.#input = input;
    }

    /** The record as the PSA gave it, read when it is first asked for. */
    get source() {
        this.#source ??= JSON.parse(this.#input.source.json);
        return this.#source;
    }

    #content(name) {
        return this.#input.soFar.fields.find((field) => field.name === name)?.content;
    }

    /** What a field holds so far: a text, flag, date, list or reference; undefined where there is nothing. */
    get(field) {
        return this.#content(field)?.val;
    }

    /** A field's text so far; undefined where it is empty or no text. */
    text(field) {
        const value = this.#content(field);
        return value?.tag === "text" && value.val !== "" ? value.val : undefined;
    }

    /** A trait so far, such as `custom_fields.Rack`; undefined where there is none. */
    trait(name) {
        const json = this.#input.soFar.traits.find((one) => one.name === name)?.json;
        return json === undefined ? undefined : (JSON.parse(json) ?? undefined);
    }
}

/** What an overlay says of a record, put together call by call. */
export class Change {
    #fields = new Map();
    #traits = new Map();
    #organization;
    #skipped;

    #set(field, tag, val) {
        this.#fields.set(field, { tag, val });
        return this;
    }

    text(field, text) {
        return this.#set(field, "text", String(text));
    }

    flag(field, flag) {
        return this.#set(field, "flag", Boolean(flag));
    }

    /** `YYYY-MM-DD`, or RFC 3339 in UTC with whole seconds. */
    date(field, date) {
        return this.#set(field, "date", String(date));
    }

    texts(field, texts) {
        return this.#set(field, "texts", texts.map(String));
    }

    /** Labelled values: `{ value, label, primary, extension }`. */
    entries(field, entries) {
        const whole = ({ value, label = "", primary = false, extension }) => ({ value, label, primary, extension });
        return this.#set(field, "entries", entries.map(whole));
    }

    /** A link to the record of `kind` that the PSA knows by `id`. */
    reference(field, kind, id, name) {
        return this.#set(field, "reference", { kind, id: String(id), name });
    }

    /** Empties a field. */
    empty(field) {
        return this.#set(field, "absent");
    }

    /** Sets a trait to a value that becomes JSON. */
    putTrait(name, value) {
        this.#traits.set(name, JSON.stringify(value ?? null));
        return this;
    }

    /** Takes a trait away. */
    dropTrait(name) {
        return this.putTrait(name, null);
    }

    /** Gives the record to the organization that the PSA knows by `id`. */
    organization(id, name) {
        this.#organization = { kind: "organization", id: String(id), name };
        return this;
    }

    /** Leaves the record out, whatever else was said of it. */
    skip(reason) {
        this.#skipped = String(reason);
    }

    get outcome() {
        if (this.#skipped !== undefined) {
            return { tag: "skipped", val: this.#skipped };
        }
        const fields = [...this.#fields].map(([name, content]) => ({ name, content }));
        const traits = [...this.#traits].map(([name, json]) => ({ name, json }));
        return { tag: "mapped", val: { organization: this.#organization, fields, traits } };
    }
}

/** An error as the host takes it. One that nobody meant goes to the log with its place. */
function fault(error) {
    if (error instanceof DataError || error instanceof ConfigError) {
        return { cause: error.cause, message: error.message };
    }
    const place = String(error?.stack ?? "").trim().split("\n")[0];
    const message = place ? `${error} (${place})` : String(error);
    log.error(message);
    return { cause: { tag: "bug" }, message };
}

const settled = (work) => {
    try {
        return { tag: "ok", val: work() };
    } catch (error) {
        return { tag: "err", val: fault(error) };
    }
};

/** The schema of a configuration that `check` alone looks at. */
const ANY = { type: "object" };

/** Makes the mapping that the host calls. Export it under the name `mapping`. */
export function overlay({ name, title, version, kinds = [], connectors = [], schema = ANY, check, rows = () => [], change }) {
    const read = (context) => {
        const config = JSON.parse(context.config);
        check?.(config);
        return config;
    };
    const rowsOf = (config) => {
        try {
            return rows(config);
        } catch {
            return [];
        }
    };
    return {
        describe() {
            const configSchema = JSON.stringify(schema);
            return { name, title, version, connectors, overlay: true, table: rowsOf({}), configSchema };
        },

        configure(context) {
            const outcome = settled(() => rows(read(context)));
            if (outcome.tag === "err") {
                throw outcome.val;
            }
            return outcome.val;
        },

        convert(context, records) {
            const config = settled(() => read(context));
            return records.map((input) => {
                if (config.tag === "err") {
                    return config;
                }
                return settled(() => {
                    const said = new Change();
                    if (kinds.length === 0 || kinds.includes(input.source.kind)) {
                        change(new Record(input, context.organization), said, config.val);
                    }
                    return said.outcome;
                });
            });
        },

        // What is made here has nowhere to go back to.
        toSource(context, edits) {
            return edits.map((edit) =>
                settled(() => {
                    const inward = rowsOf(read(context)).filter((one) => one.kind === edit.kind && one.flow === "inward");
                    const names = new Set(inward.map((one) => one.name));
                    const wanted = edit.wanted.map((field) => field.name);
                    const traits = edit.traits.map((one) => `traits.${one.name}`);
                    return { json: "{}", refused: [...wanted, ...traits].filter((one) => names.has(one)) };
                }),
            );
        },
    };
}
