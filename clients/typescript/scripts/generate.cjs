#!/usr/bin/env node
// Clients of the contracts from their JSON Schema. See --help.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { parseArgs } = require("node:util");
const codegen = require("@cosmwasm/ts-codegen").default;

const help = `scripts/generate.cjs: src/generated from schema/<contract> and schema/events.json

  node scripts/generate.cjs           writes src/generated anew
  node scripts/generate.cjs --check   fails if src/generated is not what the schemas give`;

const contracts = ["registry", "escrow", "auction", "reputation", "futures", "pool", "attest"];
const schema = path.resolve(__dirname, "../../../schema");
const kept = path.resolve(__dirname, "../src/generated");

// Query and execute messages are both named `admin`, so a client that executes can't extend one that asks.
const options = {
  bundle: { enabled: false },
  types: { enabled: true },
  client: { enabled: true, execExtendsQuery: false },
};

main().catch((error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(1);
});

async function main() {
  const { values } = parseArgs({ options: { check: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return process.stdout.write(`${help}\n`);
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "caplet-clients-"));
  try {
    await generate(made);
    if (values.check) return compare(made);
    fs.rmSync(kept, { recursive: true, force: true });
    fs.cpSync(made, kept, { recursive: true });
  } finally {
    fs.rmSync(made, { recursive: true, force: true });
  }
}

async function generate(outPath) {
  const readable = fs.mkdtempSync(path.join(os.tmpdir(), "caplet-schema-"));
  try {
    await codegen({ contracts: contracts.map((contract) => prepare(contract, readable)), outPath, options });
  } finally {
    fs.rmSync(readable, { recursive: true, force: true });
  }
  fs.writeFileSync(path.join(outPath, "events.ts"), events());
}

/** Attributes of each event by its name, and the words behind numbers. */
function events() {
  const { events, numbers } = JSON.parse(fs.readFileSync(path.join(schema, "events.json"), "utf8"));
  const lines = events.map(({ type, about, attributes }) => {
    const names = attributes.map(({ name }) => JSON.stringify(name)).join(", ");
    return `  /** ${about} */\n  ${type.replace(/^wasm-/, "")}: [${names}],\n`;
  });
  return [
    "// Made by scripts/generate.cjs from schema/events.json: do not edit.\n\n",
    "/** Attributes of each event, by its name without `wasm-`. */\n",
    `export const attributes = {\n${lines.join("")}} as const;\n\n`,
    "/** The words behind numbers in attributes. */\n",
    `export const numbers = ${JSON.stringify(numbers, null, 2)} as const;\n`,
  ].join("");
}

/** One contract's schema in a folder of its own, as the generator can read it. */
function prepare(contract, folder) {
  const file = path.join(schema, contract, `${contract}.json`);
  if (!fs.existsSync(file)) throw new Error(`no schema ${file}: run the contract's schema binary first`);
  const dir = path.join(folder, contract);
  fs.mkdirSync(dir);
  fs.writeFileSync(path.join(dir, `${contract}.json`), JSON.stringify(nameNullables(JSON.parse(fs.readFileSync(file, "utf8")))));
  return { name: contract[0].toUpperCase() + contract.slice(1), dir };
}

/**
 * The generator gives up on a list whose items may be null, unless the item has a name: so
 * `Vec<Option<Uint64>>` becomes a list of `NullableUint64`.
 */
function nameNullables(api) {
  for (const message of [api.instantiate, api.execute, api.query, api.migrate, ...Object.values(api.responses ?? {})]) {
    walk(message, (node) => {
      const inner = Array.isArray(node.items?.anyOf) && node.items.anyOf.find((option) => option.$ref)?.$ref;
      if (!inner) return;
      const given = `Nullable${inner.split("/").pop()}`;
      message.definitions[given] = node.items;
      node.items = { $ref: `#/definitions/${given}` };
    });
  }
  return api;
}

function walk(node, visit) {
  if (node === null || typeof node !== "object") return;
  visit(node);
  for (const child of Object.values(node)) walk(child, visit);
}

function compare(made) {
  const names = [...new Set([made, kept].flatMap((folder) => (fs.existsSync(folder) ? fs.readdirSync(folder) : [])))].sort();
  const stale = names.filter((file) => read(made, file) !== read(kept, file));
  if (stale.length > 0) throw new Error(`src/generated is stale (${stale.join(", ")}): run npm run generate and commit`);
}

function read(folder, file) {
  const place = path.join(folder, file);
  return fs.existsSync(place) ? fs.readFileSync(place, "utf8") : null;
}
