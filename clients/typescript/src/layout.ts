import { toAscii } from "@cosmjs/encoding";
import type { Field } from "./field.js";

type Fields = Readonly<Record<string, Field<any>>>;

type ValueOf<F> = F extends { write: (value: infer T, name: string) => Uint8Array } ? T : never;

/** The values of a layout's fields; padding has none, and what may be undefined may be left out. */
export type Values<F extends Fields> = {
  [K in keyof F as undefined extends ValueOf<F[K]> ? never : K]: ValueOf<F[K]>;
} & {
  [K in keyof F as undefined extends ValueOf<F[K]> ? K : never]?: ValueOf<F[K]>;
};

/** Bytes of a tag, and of a domain. */
const TAG = 16;
const DOMAIN = 32;

/** What a key signs: a tag, the domain of one contract, then fields of fixed widths in the order of their declaration. */
export class Layout<F extends Fields> {
  readonly length: number;

  constructor(
    readonly tag: string,
    private readonly fields: F,
  ) {
    this.length = Object.values(fields).reduce((sum, field) => sum + field.length, TAG + DOMAIN);
  }

  /** What follows tag and domain; packed orders in calldata are these bytes and the signature. */
  body(values: Values<F>): Uint8Array {
    const given = values as Record<string, unknown>;
    return concat(Object.entries(this.fields).map(([name, field]) => field.write(given[name], name)));
  }

  /** The bytes to sign: never a hash of them. */
  preimage(domain: Uint8Array, values: Values<F>): Uint8Array {
    if (domain.length !== DOMAIN) throw new RangeError(`a domain has ${DOMAIN} bytes, this one ${domain.length}`);
    return concat([padded(this.tag), domain, this.body(values)]);
  }
}

/** A tag as 16 bytes: ASCII, padded with NUL. */
export function padded(tag: string): Uint8Array {
  const out = new Uint8Array(TAG);
  out.set(toAscii(tag));
  return out;
}

/** One after the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
