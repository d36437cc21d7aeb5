// An overlay in JavaScript: answers to a configuration's questions become lines of its notes.
//
// Its configuration: `{"questions": ["Rack", "Unit"]}`. Lines go below what the notes hold already.

import { ConfigError, DataError, overlay, row } from "../vendor/dovetail.js";

const LONGEST = 200;

export const mapping = overlay({
    name: "rack-notes",
    title: "Answers to questions as notes",
    version: "1.0.0",
    kinds: ["configuration"],
    rows: () => [row("configuration", "notes", "questions")],
    schema: {
        type: "object",
        additionalProperties: false,
        properties: { questions: { type: "array", items: { type: "string" } } },
    },

    // What the schema cannot say.
    check({ questions = [] }) {
        if (new Set(questions).size < questions.length) {
            throw new ConfigError("questions", "a question stands twice");
        }
    },

    change(record, change, { questions = [] }) {
        const lines = [];
        for (const question of questions) {
            const answer = record.trait(`questions.${question}`);
            if (answer === undefined || answer === "") {
                continue;
            }
            if (String(answer).length > LONGEST) {
                throw new DataError("notes", `the answer to ${question} is longer than ${LONGEST} letters`);
            }
            lines.push(`${question}: ${answer}`);
        }
        if (lines.length > 0) {
            change.text("notes", [record.text("notes"), ...lines].filter(Boolean).join("\n"));
        }
    },
});
