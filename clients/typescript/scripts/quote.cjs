#!/usr/bin/env node
// Keeps the code in docs/clients.md the code that the tests run. See --help.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { parseArgs } = require("node:util");

const help = `scripts/quote.cjs: functions of examples/ and test/ into docs/clients.md

  node scripts/quote.cjs           writes each marked block anew
  node scripts/quote.cjs --check   fails if a block is not what its source says

A block is marked by a line \`<!-- FILE NAME -->\` above it, FILE seen from clients/typescript, NAME an
exported function.`;

const page = path.resolve(__dirname, "../../../docs/clients.md");
const marked = /<!-- (\S+\.ts) (\w+) -->\n```ts\n[\s\S]*?```\n/g;

try {
  main();
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(1);
}

function main() {
  const { values } = parseArgs({ options: { check: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help) return process.stdout.write(`${help}\n`);
  const written = fs.readFileSync(page, "utf8");
  const quoted = written.replace(marked, (_block, file, name) => `<!-- ${file} ${name} -->\n\`\`\`ts\n${source(file, name)}\n\`\`\`\n`);
  if (!marked.test(written)) throw new Error("docs/clients.md quotes nothing");
  if (!values.check) fs.writeFileSync(page, quoted);
  else if (quoted !== written) throw new Error("docs/clients.md quotes code that has changed: run npm run quote and commit");
}

/** A function with the comment above it, up to the brace in the first column that ends it. */
function source(file, name) {
  const lines = fs.readFileSync(path.join(__dirname, "..", file), "utf8").split("\n");
  const start = lines.findIndex((line) => new RegExp(`^export (async )?function ${name}\\(`).test(line));
  if (start < 0) throw new Error(`${file} exports no function ${name}, which docs/clients.md quotes`);
  const end = lines.indexOf("}", start);
  const comment = lines[start - 1].startsWith("/**") ? start - 1 : start;
  return lines.slice(comment, end + 1).join("\n");
}
