// Which contracts there are, and compiling one to wasm the same way on every machine.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { root } = require("./paths.cjs");
const { read, run } = require("./run.cjs");
const { fail } = require("./say.cjs");

const target = "wasm32-unknown-unknown";
/** Workspaces with contracts: the house, and the published token behind its own lock file. */
const workspaces = [
  { manifest: path.join(root, "Cargo.toml"), under: path.join(root, "contracts") },
  { manifest: path.join(root, "scripts/cw20-token/Cargo.toml"), under: path.join(root, "scripts/cw20-token") },
];

/** All contracts: {name, lib, manifest, optLevel}. */
function contracts() {
  return workspaces.flatMap(({ manifest, under }) => {
    const text = read("cargo", ["metadata", "--locked", "--no-deps", "--format-version", "1", "--manifest-path", manifest]);
    const packages = JSON.parse(text).packages.filter((p) => p.manifest_path.startsWith(under + path.sep));
    return packages.map((p) => describe(p, manifest));
  });
}

function describe(package_, manifest) {
  const lib = package_.targets.find((t) => t.kind.includes("cdylib"));
  if (!lib) fail(`${package_.name} makes no wasm: write crate-type = ["cdylib", "rlib"] under [lib] in ${package_.manifest_path}`);
  return { name: package_.name, lib: lib.name, manifest, optLevel: package_.metadata?.caplet?.["opt-level"] };
}

/** Compiles one contract; returns the path of its wasm, not yet optimised. */
function compile(contract, targetDir) {
  const folder = path.join(targetDir, path.basename(path.dirname(contract.manifest)));
  // Before the flags are made: they name the folders that the sources are unpacked into.
  run("cargo", ["fetch", "--locked", "--manifest-path", contract.manifest], { cwd: root });
  const env = {
    ...process.env,
    CARGO_TARGET_DIR: folder,
    CARGO_ENCODED_RUSTFLAGS: remap().join("\x1f"),
    CARGO_INCREMENTAL: "0",
    SOURCE_DATE_EPOCH: "0",
  };
  delete env.RUSTFLAGS;
  if (contract.optLevel !== undefined) env.CARGO_PROFILE_CONTRACT_OPT_LEVEL = `${contract.optLevel}`;
  run("cargo", ["build", "--locked", "--manifest-path", contract.manifest, "-p", contract.name, "--lib", "--profile", "contract", "--target", target], { env, cwd: root });
  return path.join(folder, target, "contract", `${contract.lib}.wasm`);
}

/** Panic messages name source files: these flags keep this machine's folders out of them. */
function remap() {
  const cargoHome = process.env.CARGO_HOME || path.join(os.homedir(), ".cargo");
  const rustc = read("rustc", ["--version", "--verbose"], { cwd: root });
  const sysroot = read("rustc", ["--print", "sysroot"], { cwd: root });
  const commit = rustc.match(/commit-hash: (\w+)/)[1];
  const pairs = [
    [path.join(sysroot, "lib/rustlib/src/rust"), `/rustc/${commit}`],
    [cargoHome, "/cargo"],
    // Named after the registry or its mirror, so it differs between machines.
    ...unpacked(cargoHome).map((folder) => [folder, "/cargo/registry"]),
    [root, "/caplet"],
  ];
  return pairs.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}

function unpacked(cargoHome) {
  const sources = path.join(cargoHome, "registry/src");
  return fs.existsSync(sources) ? fs.readdirSync(sources).sort().map((name) => path.join(sources, name)) : [];
}

module.exports = { contracts, compile };
