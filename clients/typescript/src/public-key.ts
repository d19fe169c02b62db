import type { Key } from "./generated/Registry.types.js";
import { fromBase64 } from "@cosmjs/encoding";
import type { Field } from "./field.js";

/** Number of a scheme in layouts, and bytes of its keys. */
const SCHEMES = {
  ed25519: { number: 1, length: 32 },
  secp256k1: { number: 2, length: 33 },
  secp256r1: { number: 3, length: 33 },
} as const;

/** A public key as the contracts' JSON has it, in 34 bytes: scheme, key, zero padding. */
export const publicKey: Field<Key> = {
  length: 34,
  write({ scheme, key }, name) {
    const { number, length } = SCHEMES[scheme];
    const raw = fromBase64(key);
    if (raw.length !== length) throw new RangeError(`${name} has ${raw.length} bytes, an ${scheme} key has ${length}`);
    const out = new Uint8Array(34);
    out[0] = number;
    out.set(raw, 1);
    return out;
  },
};
