// Starting and ending node processes, by id.
"use strict";

const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

/** Starts a node that outlives this program; its log goes to `log` in its home. Returns its id. */
function start(wasmd, home) {
  const log = fs.openSync(path.join(home, "log"), "a");
  const child = spawn(wasmd.binary, ["start", "--home", home, "--log_level", "info", "--log_no_color"], {
    detached: true, stdio: ["ignore", log, log], env: wasmd.env,
  });
  child.unref();
  fs.closeSync(log);
  return child.pid;
}

/** Whether this id still is the node of this home: ids are used again by the system. */
function alive({ pid, home }) {
  const shown = spawnSync("ps", ["-ww", "-p", `${pid}`, "-o", "stat=,command="], { encoding: "utf8" });
  if (shown.error) throw shown.error;
  const text = shown.stdout.trim();
  return shown.status === 0 && !text.startsWith("Z") && text.includes(home);
}

/** Asks nodes to end, and makes them after ten seconds. */
async function stop(nodes) {
  nodes.filter(alive).forEach(({ pid }) => process.kill(pid, "SIGTERM"));
  const patience = Date.now() + 10_000;
  while (nodes.some(alive) && Date.now() < patience) await pause(100);
  nodes.filter(alive).forEach(({ pid }) => process.kill(pid, "SIGKILL"));
  while (nodes.some(alive)) await pause(50);
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

module.exports = { start, alive, stop, pause };
