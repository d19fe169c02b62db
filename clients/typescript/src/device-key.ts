import { Ed25519, type Ed25519Keypair, Random, sha256 } from "@cosmjs/crypto";
import { toBase64, toUtf8 } from "@cosmjs/encoding";
import type { Key } from "./generated/Registry.types.js";

/** An ed25519 key of a device or an endpoint. */
export class DeviceKey {
  private constructor(private readonly pair: Ed25519Keypair) {}

  /** The key of a 32-byte seed (RFC 8032). */
  static async fromSeed(seed: Uint8Array): Promise<DeviceKey> {
    return new DeviceKey(await Ed25519.makeKeypair(seed));
  }

  /** A new key. */
  static async random(): Promise<DeviceKey> {
    return DeviceKey.fromSeed(Random.getBytes(32));
  }

  /** The public key, 32 bytes. */
  get bytes(): Uint8Array {
    return this.pair.pubkey;
  }

  /** The public key as messages carry it. */
  get key(): Key {
    return { scheme: "ed25519", key: toBase64(this.bytes) };
  }

  /** Signs a layout's preimage: never 32 bytes or fewer, which might be somebody's hash. */
  async sign(preimage: Uint8Array): Promise<Uint8Array> {
    if (preimage.length <= 32) throw new RangeError("a layout has a tag and a domain: 32 bytes or fewer are never signed");
    return Ed25519.createSignature(preimage, this.pair);
  }
}

/** SHA-256 of a text, as layouts carry addresses of any length. */
export function textHash(text: string): Uint8Array {
  return sha256(toUtf8(text));
}
