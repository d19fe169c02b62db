// Building wasmd from the Go module proxy, without Docker, once.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { cache, fingerprint, once, root } = require("./paths.cjs");
const { read, run } = require("./run.cjs");
const { say, fail } = require("./say.cjs");

const module_ = path.join(root, "scripts/wasmd");
const command = "github.com/CosmWasm/wasmd/cmd/wasmd";
const library = { linux: { x64: "libwasmvm.x86_64.so", arm64: "libwasmvm.aarch64.so" }, darwin: { x64: "libwasmvm.dylib", arm64: "libwasmvm.dylib" } };

/** The built binary and the environment it runs in; builds it if the cache has none. */
function wasmd() {
  const sources = ["go.mod", "go.sum", "tools.go"].map((f) => path.join(module_, f));
  const entry = cache(`wasmd-${fingerprint(sources, `${process.platform}-${process.arch}`)}`);
  once(entry, build);
  // The library beside the binary goes before the module cache that the linker noted.
  const search = process.platform === "darwin" ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
  const before = process.env[search];
  return {
    binary: path.join(entry, "wasmd"),
    env: { ...process.env, [search]: before ? `${entry}:${before}` : entry },
  };
}

function build(folder) {
  const shared = library[process.platform]?.[process.arch];
  if (!shared) fail(`no wasmvm library for ${process.platform} on ${process.arch}: use Linux or macOS`);
  say(`building wasmd ${version()} with ${read("go", ["version"])}; the first time takes some minutes`);
  const started = Date.now();
  const set = (name, value) => `-X github.com/cosmos/cosmos-sdk/version.${name}=${value}`;
  const names = [set("Name", "wasm"), set("AppName", "wasmd"), set("Version", version().slice(1))];
  const linker = `-s -w ${names.join(" ")} -extldflags "-Wl,-rpath,${process.platform === "darwin" ? "@loader_path" : "$ORIGIN"}"`;
  const env = { ...process.env, CGO_ENABLED: "1" };
  const binary = path.join(folder, "wasmd");
  run("go", ["build", "-mod=readonly", "-trimpath", "-ldflags", linker, "-o", binary, command], { cwd: module_, env });
  const vm = read("go", ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "github.com/CosmWasm/wasmvm/v3"], { cwd: module_, env });
  fs.copyFileSync(path.join(vm, "internal/api", shared), path.join(folder, shared));
  say(`built in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** The version that go.mod pins, as `v0.61.14`. */
function version() {
  const text = fs.readFileSync(path.join(module_, "go.mod"), "utf8");
  return text.match(/github\.com\/CosmWasm\/wasmd (v\S+)/)[1];
}

module.exports = { wasmd };
