// {{title}}: an overlay that puts a prefix before the names of configurations.

import { ConfigError, overlay, row } from "../vendor/dovetail.js";

export const mapping = overlay({
    name: "{{name}}",
    title: "{{title}}",
    version: "0.1.0",
    kinds: ["configuration"],
    rows: () => [row("configuration", "name", "name")],

    check({ prefix = "" }) {
        if (typeof prefix !== "string") {
            throw new ConfigError("prefix", "prefix has to be a text");
        }
    },

    change(record, change, { prefix = "" }) {
        const name = record.text("name");
        if (name) {
            change.text("name", `${prefix} ${name}`.trimStart());
        }
    },
});
