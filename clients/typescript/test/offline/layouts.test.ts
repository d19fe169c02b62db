// The layouts that a client signs, against the same vectors.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromHex, toBase64, toHex } from "@cosmjs/encoding";
import { type registry, hashChain, layouts } from "../../src/index.js";
import type { Layout } from "../../src/layout.js";
import { type Vector, vectorFile } from "../support/vectors.js";

const hexFields = new Set(["key", "sealing", "owner", "addresses", "digest", "anchor", "evidence"]);

/** Values as a client gives them: bytes for hex, numbers as the decimal text they are. */
function plain(values: Vector["values"]): Record<string, unknown> {
  const entries = Object.entries(values).map(([name, value]) => [name, hexFields.has(name) ? fromHex(value) : value]);
  return Object.fromEntries(entries);
}

const schemes: Record<string, registry.Scheme> = { "1": "ed25519", "2": "secp256k1", "3": "secp256r1" };

/** The vectors write a key as scheme and bytes, messages as one object. */
function withKey(values: Vector["values"]): Record<string, unknown> {
  const { "key.scheme": scheme, "key.bytes": bytes, ...rest } = values;
  return { ...plain(rest), key: { scheme: schemes[scheme], key: toBase64(fromHex(bytes)) } };
}

const replayed: readonly [string, Layout<any>, (values: Vector["values"]) => Record<string, unknown>][] = [
  ["possess", layouts.possession, withKey],
  ["endpt", layouts.endpoint, plain],
  ["profile", layouts.profile, plain],
  ["order", layouts.offer, plain],
  ["demand", layouts.demand, plain],
  ["voucher", layouts.voucher, plain],
];

for (const [name, layout, read] of replayed) {
  const file = vectorFile(name);
  describe(file.layout, () => {
    test("has its tag and length", () => {
      assert.equal(layout.tag, file.layout);
      assert.equal(layout.length, file.length);
    });
    for (const vector of file.vectors) {
      test(`gives the bytes of the vector "${vector.name}"`, () => {
        assert.equal(toHex(layout.preimage(fromHex(file.domain.sha256), read(vector.values))), vector.preimage);
      });
    }
  });
}

describe("the hash chain of a voucher", () => {
  const file = vectorFile("voucher");
  const { values, chain } = file.vectors.find((vector) => vector.chain)!;

  test("is that of the published vector", () => {
    const terms = { lease: values.lease, lane: values.lane, links: Number(values.links), amount: values.amount, link_amount: values.link_amount };
    const links = hashChain(fromHex(file.domain.sha256), terms, fromHex(chain!.secret));
    assert.deepEqual(links.map(toHex), chain!.links);
    assert.equal(toHex(links[0]), values.anchor);
  });
});

describe("a layout refuses", () => {
  const domain = new Uint8Array(32);
  const tick = { device: 1, sequence: 1n, not_after: "5", digest: new Uint8Array(32) };

  test("a number that does not fit its field", () => {
    assert.throws(() => layouts.profile.preimage(domain, { ...tick, device: 2n ** 32n }), /device is 4294967296, at most 4294967295/);
  });
  test("a number that lost digits in JavaScript", () => {
    assert.throws(() => layouts.profile.preimage(domain, { ...tick, sequence: 2 ** 53 }), /decimal text or bigint/);
  });
  test("a negative number and text that is no number", () => {
    assert.throws(() => layouts.profile.preimage(domain, { ...tick, sequence: -1 }), /can't be negative/);
    assert.throws(() => layouts.profile.preimage(domain, { ...tick, sequence: "0x5" }), /not a whole number/);
  });
  test("a digest or domain of another length", () => {
    assert.throws(() => layouts.profile.preimage(domain, { ...tick, digest: new Uint8Array(31) }), /digest has 31 bytes, the layout holds 32/);
    assert.throws(() => layouts.profile.preimage(new Uint8Array(20), tick), /a domain has 32 bytes/);
  });
  test("a key of the wrong length", () => {
    const key: registry.Key = { scheme: "secp256k1", key: toBase64(new Uint8Array(32)) };
    assert.throws(() => layouts.possession.preimage(domain, { key, owner: new Uint8Array(32) }), /an secp256k1 key has 33/);
  });
});
