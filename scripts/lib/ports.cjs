// Free TCP ports.
"use strict";

const net = require("node:net");

/** Asks the system for `count` different free ports, or checks those from `base` on. */
async function ports(count, base) {
  const servers = [];
  try {
    for (let i = 0; i < count; i += 1) {
      servers.push(await listen(base === undefined ? 0 : base + i));
    }
    return servers.map((server) => server.address().port);
  } finally {
    await Promise.all(servers.map((s) => new Promise((closed) => s.close(closed))));
  }
}

function listen(port) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", () => reject(new Error(`port ${port} is taken: choose another --port-base`)));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

module.exports = { ports };
