// Making a network's homes: keys, one genesis, configuration.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { read } = require("./run.cjs");
const { say } = require("./say.cjs");

/** Test keys that everybody knows; worth nothing anywhere else. */
const accounts = require("./accounts.json");
/** Each account starts with this much of each: a billion whole coins of six decimals. */
const funds = "1000000000000000";
const native = "ucap";
const foreign = "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";
const stake = `1000000000${native}`;

/** Makes `home/node0` and on; `nodes` is a list of {rpc, p2p, grpc} ports. Returns the homes. */
function make(wasmd, home, chainId, nodes, blockMs) {
  const cli = (folder, ...args) => read(wasmd.binary, [...args, "--home", folder], { env: wasmd.env });
  const homes = nodes.map((_, i) => path.join(home, `node${i}`));
  homes.forEach((folder, i) => {
    say(`making validator ${i + 1} of ${homes.length}`);
    cli(folder, "init", `node${i}`, "--chain-id", chainId, "--default-denom", native);
  });
  genesis(cli, homes, chainId);
  const peers = nodes.map((n, i) => `${cli(homes[i], "comet", "show-node-id")}@127.0.0.1:${n.p2p}`);
  homes.forEach((folder, i) => configure(folder, nodes[i], peers.filter((_, j) => j !== i), blockMs));
  fs.writeFileSync(path.join(home, "accounts.json"), `${JSON.stringify(accounts, null, 2)}\n`);
  return homes;
}

function genesis(cli, homes, chainId) {
  say(`writing genesis: ${accounts.length} accounts with ${native} and ${foreign.slice(0, 12)}...`);
  const shared = path.join(homes[0], "config/genesis.json");
  fund(shared);
  const gentxs = path.join(homes[0], "config/gentx");
  fs.mkdirSync(gentxs);
  homes.forEach((folder, i) => {
    const { name, private_key: key } = accounts.find((a) => a.name === `validator-${i}`);
    fs.copyFileSync(shared, path.join(folder, "config/genesis.json.new"));
    fs.renameSync(path.join(folder, "config/genesis.json.new"), path.join(folder, "config/genesis.json"));
    cli(folder, "keys", "import-hex", name, key, "--keyring-backend", "test");
    cli(folder, "genesis", "gentx", name, stake, "--chain-id", chainId, "--keyring-backend", "test",
      "--output-document", path.join(gentxs, `gentx-${i}.json`));
  });
  cli(homes[0], "genesis", "collect-gentxs");
  homes.slice(1).forEach((folder) => fs.copyFileSync(shared, path.join(folder, "config/genesis.json")));
}

function fund(file) {
  const document = JSON.parse(fs.readFileSync(file, "utf8"));
  const { auth, bank } = document.app_state;
  const coins = [{ denom: foreign, amount: funds }, { denom: native, amount: funds }];
  auth.accounts = accounts.map(({ address }, i) => (
    { "@type": "/cosmos.auth.v1beta1.BaseAccount", address, pub_key: null, account_number: `${i}`, sequence: "0" }
  ));
  bank.balances = accounts.map(({ address }) => ({ address, coins }));
  const total = (BigInt(funds) * BigInt(accounts.length)).toString();
  bank.supply = coins.map(({ denom }) => ({ denom, amount: total }));
  bank.denom_metadata = metadata();
  fs.writeFileSync(file, JSON.stringify(document));
}

/** Decimals and human units, so that clients can show amounts as people read them. */
function metadata() {
  const of = (base, display, symbol, description) => ({
    base, display, symbol, name: display, description,
    denom_units: [{ denom: base, exponent: 0 }, { denom: display, exponent: 6 }],
  });
  return [of(native, "cap", "CAP", "the chain's own coin"), of(foreign, "atom", "ATOM", "a coin from another chain")];
}

/**
 * Sets addresses and block time. Everything that a measured figure depends on stays as wasmd ships
 * it: RPC bodies of 1,000,000 bytes, transactions of 1,048,576, mempool of 5,000, no block gas limit,
 * blocks of the genesis' own max_bytes, smart queries of 3,000,000 gas.
 */
function configure(folder, node, peers, blockMs) {
  edit(path.join(folder, "config/config.toml"), [
    ["rpc", "laddr", `"tcp://127.0.0.1:${node.rpc}"`],
    ["rpc", "pprof_laddr", '""'],
    ["p2p", "laddr", `"tcp://127.0.0.1:${node.p2p}"`],
    ["p2p", "persistent_peers", `"${peers.join(",")}"`],
    ["p2p", "addr_book_strict", "false"],
    ["p2p", "allow_duplicate_ip", "true"],
    ["p2p", "pex", "false"],
    ["consensus", "timeout_commit", `"${blockMs}ms"`],
    ["storage", "discard_abci_responses", "false"],
  ]);
  edit(path.join(folder, "config/app.toml"), [
    ["", "minimum-gas-prices", `"0${native}"`],
    // Simulations are served only by a node with gRPC on.
    ["grpc", "address", `"127.0.0.1:${node.grpc}"`],
    ["api", "enable", "false"],
  ]);
}

/** Replaces values of a TOML file in place; a key that is not there is an error, not a no-op. */
function edit(file, changes) {
  const lines = fs.readFileSync(file, "utf8").split("\n");
  for (const [section, key, value] of changes) {
    let current = "";
    const at = lines.findIndex((line) => {
      current = line.match(/^\[(.+)\]\s*$/)?.[1] ?? current;
      return current === section && line.startsWith(`${key} =`);
    });
    if (at < 0) throw new Error(`${file} has no ${section}.${key}: this wasmd is not the pinned one`);
    lines[at] = `${key} = ${value}`;
  }
  fs.writeFileSync(file, lines.join("\n"));
}

module.exports = { make };
