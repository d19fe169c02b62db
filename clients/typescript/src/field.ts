/** One field of a signed layout: how many bytes, and how a value is written into them. */
export interface Field<T> {
  readonly length: number;
  readonly write: (value: T, name: string) => Uint8Array;
}

/** A whole number; 64 bits and more as decimal text, as in the contracts' JSON, or as a bigint. */
export type Whole = number | bigint | string;

/** Big-endian, `length` bytes. */
export function unsigned(length: number): Field<Whole> {
  const most = (1n << BigInt(8 * length)) - 1n;
  return {
    length,
    write(value, name) {
      const number = whole(value, name);
      if (number > most) throw new RangeError(`${name} is ${number}, at most ${most} fits its ${length} bytes`);
      const out = new Uint8Array(length);
      for (let at = length - 1, rest = number; at >= 0; at--, rest >>= 8n) out[at] = Number(rest & 0xffn);
      return out;
    },
  };
}

/** Exactly `length` bytes. */
export function bytes(length: number): Field<Uint8Array> {
  return {
    length,
    write(value, name) {
      if (value.length !== length) throw new RangeError(`${name} has ${value.length} bytes, the layout holds ${length}`);
      return value;
    },
  };
}

/** Exactly `length` bytes, zero when there is nothing to say. */
export function optional(length: number): Field<Uint8Array | null | undefined> {
  const given = bytes(length);
  return { length, write: (value, name) => (value ? given.write(value, name) : new Uint8Array(length)) };
}

/** Bytes that are always zero; takes no value. */
export function padding(length: number): Field<undefined> {
  return { length, write: () => new Uint8Array(length) };
}

/** A whole number that is not negative, as a bigint; a number past 2^53 is refused, since it lost digits already. */
export function whole(value: Whole, name: string): bigint {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`${name} is ${value}: give whole numbers past 2^53 as decimal text or bigint`);
  }
  if (typeof value === "string" && !/^[0-9]+$/.test(value)) throw new RangeError(`${name} is "${value}", not a whole number`);
  const number = BigInt(value);
  if (number < 0n) throw new RangeError(`${name} is ${number}: it can't be negative`);
  return number;
}
