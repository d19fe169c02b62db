// Packed vouchers, against schema/packed.json.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromHex, toHex } from "@cosmjs/encoding";
import { type VoucherItem, packVouchers } from "../../src/index.js";
import { varint } from "../../src/packed.js";
import { json } from "../support/paths.js";

const signature = new Uint8Array(64).fill(0xcc);
const bytes = (byte: number) => new Uint8Array(32).fill(byte);
const plain = { lease: "300", lane: 0, amount: "1000000", units: "5", signature };

/** An item as schema/packed.json has it: zero where there is nothing. */
interface Item {
  readonly lease: string;
  readonly lane: number;
  readonly amount: string;
  readonly units: string;
  readonly links: number;
  readonly link_units: number;
  readonly link_amount: string;
  readonly anchor: string;
  readonly k: number;
  readonly link: string;
  readonly evidence: string;
  readonly signature: string;
}

const { vouchers } = json<{ vouchers: { vectors: { name: string; items: Item[]; packed: string }[] } }>("schema", "packed.json");

function read({ lease, lane, amount, units, ...item }: Item): VoucherItem {
  const revealed = item.k > 0 ? { k: item.k, link: fromHex(item.link) } : undefined;
  const { links, link_units, link_amount } = item;
  const chain = links > 0 ? { links, link_units, link_amount, anchor: fromHex(item.anchor), revealed } : null;
  const evidence = /^0+$/.test(item.evidence) ? null : fromHex(item.evidence);
  return { lease, lane, amount, units, chain, evidence, signature: fromHex(item.signature) };
}

describe("a list of packed vouchers", () => {
  for (const { name, items, packed } of vouchers.vectors) {
    test(`is the vector "${name}"`, () => assert.equal(toHex(packVouchers(items.map(read))), packed));
  }

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
