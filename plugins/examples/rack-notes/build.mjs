// Makes the component: `node build.mjs OUT`.

import { writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";

const { component } = await componentize({
    sourcePath: "src/overlay.js",
    witPath: "vendor/wit",
    worldName: "mapping-plugin",
    // Each of these would import WASI, which no plugin is given.
    disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
});
await writeFile(process.argv[2], component);
