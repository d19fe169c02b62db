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

/** Days after which a result that nobody asked for again is dropped from the cache. */
const kept = 30;

/** Optimises `from` into `to`: what was made of the same bytes before is taken from the cache, unless `fresh`. */
function optimise(from, to, fresh) {
  const wasmOpt = tool();
  if (fresh) return run(process.execPath, [wasmOpt, ...flags, from, "-o", to]);
  const folder = cache("wasm-opt");
  fs.mkdirSync(folder, { recursive: true });
  const entry = path.join(folder, `${fingerprint([from, ...pinned], flags.join(" "))}.wasm`);
  if (!fs.existsSync(entry)) {
    const draft = `${entry}.${process.pid}.tmp`;
    run(process.execPath, [wasmOpt, ...flags, from, "-o", draft]);
    fs.renameSync(draft, entry);
    prune(folder);
  }
  fs.utimesSync(entry, new Date(), new Date());
  fs.copyFileSync(entry, to);
}

function prune(folder) {
  const oldest = Date.now() - kept * 86_400_000;
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    if (fs.statSync(file).mtimeMs < oldest) fs.rmSync(file, { force: true });
  }
}

const pinned = ["package.json", "package-lock.json"].map((f) => path.join(root, "scripts/wasm-tools", f));

function tool() {
  const entry = once(cache(`wasm-tools-${fingerprint(pinned)}`), (folder) => {
    say("installing wasm-opt into the cache");
    for (const file of pinned) fs.copyFileSync(file, path.join(folder, path.basename(file)));
    run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  });
  return path.join(entry, "node_modules/binaryen/bin/wasm-opt");
}

module.exports = { optimise };
