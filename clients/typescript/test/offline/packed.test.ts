// Packed vouchers. That the chain reads them as they are meant is shown in test/chain.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "@cosmjs/encoding";
import { packVouchers } from "../../src/index.js";
import { varint } from "../../src/packed.js";

const signature = new Uint8Array(64).fill(0xcc);
const bytes = (byte: number) => new Uint8Array(32).fill(byte);
const plain = { lease: "300", lane: 0, amount: "1000000", units: "5", signature };

describe("a packed voucher", () => {
  test("leaves out lane 0, chain, link and evidence", () => {
    assert.equal(toHex(packVouchers([plain])), "00" + "ac02" + "c0843d" + "05" + "cc".repeat(64));
  });

  test("carries everything it has, in order, and says so in its flags", () => {
    const chain = { links: 3, link_units: 100, link_amount: "10", anchor: bytes(0xaa), revealed: { k: 2, link: bytes(0xbb) } };
    const item = { ...plain, lane: 2, chain, evidence: bytes(0xee) };
    const fields = ["0f", "ac02", "02", "c0843d", "05", "0003", "64", "0a", "aa".repeat(32), "0002", "bb".repeat(32), "ee".repeat(32)];
    assert.equal(toHex(packVouchers([item])), fields.join("") + "cc".repeat(64));
  });

  test("follows the one before it without anything between", () => {
    const one = toHex(packVouchers([plain]));
    assert.equal(toHex(packVouchers([plain, plain])), one + one);
  });

  test("with a lane, link or signature that does not fit is refused", () => {
    assert.throws(() => packVouchers([{ ...plain, lane: 256 }]), /lane is 256, at most 255/);
    assert.throws(() => packVouchers([{ ...plain, signature: bytes(1) }]), /signature has 32 bytes, the layout holds 64/);
    assert.throws(() => packVouchers([{ ...plain, lease: 2n ** 64n }]), /lease is 18446744073709551616, it has 64 bits/);
  });
});

test("a varint has seven bits a byte, low ones first", () => {
  const cases: [bigint, string][] = [[0n, "00"], [127n, "7f"], [128n, "8001"], [2n ** 64n - 1n, "ffffffffffffffffff01"]];
  for (const [value, wanted] of cases) assert.equal(toHex(varint(value, 64, "value")), wanted);
});
