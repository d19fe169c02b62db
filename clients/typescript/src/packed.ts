import { type Whole, bytes, unsigned, whole } from "./field.js";
import { concat } from "./layout.js";

/** A signed voucher as calldata carries it. Chain, link and evidence are left out when there are none. */
export interface VoucherItem {
  readonly lease: Whole;
  readonly lane: number;
  readonly amount: Whole;
  readonly units: Whole;
  readonly chain?: PackedChain | null;
  readonly evidence?: Uint8Array | null;
  readonly signature: Uint8Array;
}

/** A voucher's hash chain, with the best revealed link if there is one. */
export interface PackedChain {
  readonly links: number;
  readonly link_units: number;
  readonly link_amount: Whole;
  readonly anchor: Uint8Array;
  readonly revealed?: { readonly k: number; readonly link: Uint8Array };
}

const HAS_LANE = 1;
const HAS_CHAIN = 2;
const HAS_LINK = 4;
const HAS_EVIDENCE = 8;

/**
 * Vouchers for escrow's `settle`, one after another:
 * `flags u8 | lease varint | [lane u8] | amount varint | units varint |
 * [links u16 | link_units varint | link_amount varint | anchor 32] | [k u16 | link 32] |
 * [evidence 32] | signature 64`. Flags: 1 lane is not 0, 2 has a chain, 4 reveals a link, 8 has evidence.
 */
export function packVouchers(items: readonly VoucherItem[]): Uint8Array {
  return concat(items.flatMap(packVoucher));
}

function packVoucher(item: VoucherItem): Uint8Array[] {
  const { lane, chain, evidence } = item;
  const revealed = chain?.revealed;
  const flags = (lane && HAS_LANE) | (chain ? HAS_CHAIN : 0) | (revealed ? HAS_LINK : 0) | (evidence ? HAS_EVIDENCE : 0);
  return [
    u8.write(flags, "flags"),
    varint(item.lease, 64, "lease"),
    lane ? u8.write(lane, "lane") : NOTHING,
    varint(item.amount, 128, "amount"),
    varint(item.units, 64, "units"),
    ...(chain ? packChain(chain) : []),
    ...(revealed ? [u16.write(revealed.k, "k"), link.write(revealed.link, "link")] : []),
    evidence ? bytes(32).write(evidence, "evidence") : NOTHING,
    bytes(64).write(item.signature, "signature"),
  ];
}

function packChain(chain: PackedChain): Uint8Array[] {
  return [
    u16.write(chain.links, "links"),
    varint(chain.link_units, 32, "link_units"),
    varint(chain.link_amount, 64, "link_amount"),
    link.write(chain.anchor, "anchor"),
  ];
}

const NOTHING = new Uint8Array();
const u8 = unsigned(1);
const u16 = unsigned(2);
const link = bytes(32);

/** LEB128: seven bits a byte, low ones first, the top bit set on all bytes but the last. */
export function varint(value: Whole, bits: number, name: string): Uint8Array {
  let rest = whole(value, name);
  if (rest >> BigInt(bits) !== 0n) throw new RangeError(`${name} is ${rest}, it has ${bits} bits`);
  const out: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(out);
}
