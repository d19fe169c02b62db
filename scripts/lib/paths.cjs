// Where things are: the checkout, the cache, the pinned tools.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "../..");

/** The cache folder, made if absent: `CAPLET_CACHE`, or `.cache` in the checkout. */
function cache(...parts) {
  const folder = path.resolve(process.env.CAPLET_CACHE || path.join(root, ".cache"));
  fs.mkdirSync(folder, { recursive: true });
  return path.join(folder, ...parts);
}

/** Twelve digits that change whenever one of the files does: names a cache entry. */
function fingerprint(files, extra = "") {
  const hash = crypto.createHash("sha256").update(extra);
  for (const file of files) hash.update(fs.readFileSync(file)).update("\0");
  return hash.digest("hex").slice(0, 12);
}

/**
 * Fills a cache entry once: `make` gets an empty folder, which takes its final name only when it is
 * complete. Two that race each other make it twice, and either result serves both.
 */
function once(entry, make) {
  if (fs.existsSync(entry)) return entry;
  const draft = `${entry}.${process.pid}.tmp`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { recursive: true });
  make(draft);
  try {
    fs.renameSync(draft, entry);
  } catch (error) {
    if (!fs.existsSync(entry)) throw error;
    fs.rmSync(draft, { recursive: true, force: true });
  }
  return entry;
}

module.exports = { root, cache, fingerprint, once };
