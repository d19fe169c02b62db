// wasm-opt from the Node registry's binaryen, pinned by scripts/wasm-tools/package-lock.json.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { cache, fingerprint, once, root } = require("./paths.cjs");
const { run } = require("./run.cjs");
const { say } = require("./say.cjs");

/**
 * Rust's wasm holds instructions that wasmd's VM refuses (bulk memory, sign extension, saturating
 * conversions); these passes replace them by older ones while -Oz makes the module small.
 */
const flags = [
  "-Oz", "--enable-bulk-memory", "--enable-sign-ext", "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int", "--enable-reference-types", "--enable-multivalue",
  "--llvm-memory-copy-fill-lowering", "--signext-lowering", "--llvm-nontrapping-fptoint-lowering",
];

/** Optimises `from` into `to`. */
function optimise(from, to) {
  run(process.execPath, [tool(), ...flags, from, "-o", to]);
}

function tool() {
  const pinned = ["package.json", "package-lock.json"].map((f) => path.join(root, "scripts/wasm-tools", f));
  const entry = once(cache(`wasm-tools-${fingerprint(pinned)}`), (folder) => {
    say("installing wasm-opt into the cache");
    for (const file of pinned) fs.copyFileSync(file, path.join(folder, path.basename(file)));
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  });
  return path.join(entry, "node_modules/binaryen/bin/wasm-opt");
}

module.exports = { optimise };
