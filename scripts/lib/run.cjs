// Running other programs.
"use strict";

const { spawnSync } = require("node:child_process");
const { fail } = require("./say.cjs");

/** Runs a program to its end, its output going to stderr; ends this one if it fails. */
function run(program, args, options = {}) {
  finish(program, args, spawnSync(program, args, { stdio: ["ignore", 2, 2], ...options }));
}

/** Runs a program and returns what it printed; ends this one if it fails, showing its words. */
function read(program, args, options = {}) {
  const pipes = { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", maxBuffer: 1 << 28 };
  const result = spawnSync(program, args, { ...pipes, ...options });
  finish(program, args, result);
  return result.stdout.trim();
}

function finish(program, args, result) {
  if (result.error && result.error.code === "ENOENT") {
    fail(`${program} is not installed or not on the PATH: install it (see README.md) and try again`);
  }
  if (result.error) fail(`${program}: ${result.error.message}`);
  if (result.status === 0) return;
  const words = [result.stdout, result.stderr].filter(Boolean).join("\n").trim();
  fail(`${program} ${args.join(" ")} failed (${result.signal || `exit ${result.status}`})\n${words}`);
}

module.exports = { run, read };
