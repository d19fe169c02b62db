import { sha256 } from "@cosmjs/crypto";
import { fromHex, toUtf8 } from "@cosmjs/encoding";
import { type Whole, unsigned } from "./field.js";
import { concat, padded } from "./layout.js";

/** What a domain is made of, as a contract's `domain` query answers. */
export interface Instantiation {
  readonly chain_id: string;
  readonly contract: string;
  readonly height: Whole;
  readonly time_ns: Whole;
}

/** The bytes whose SHA-256 is the domain. */
export function domainPreimage({ chain_id, contract, height, time_ns }: Instantiation): Uint8Array {
  const text = (value: string) => {
    const raw = toUtf8(value);
    return [unsigned(2).write(raw.length, "length"), raw];
  };
  const u64 = unsigned(8);
  return concat([
    padded("caplet/domain/1"),
    ...text(chain_id),
    ...text(contract),
    u64.write(height, "height"),
    u64.write(time_ns, "time_ns"),
  ]);
}

/** The domain: ties a signature to one instantiation of one contract on one chain. */
export function domainOf(instantiation: Instantiation): Uint8Array {
  return sha256(domainPreimage(instantiation));
}

/**
 * The domain that a contract states, computed again from what it says it is made of. Compare chain id
 * and address with what you meant to talk to, then pin the result: an answer that lies about the
 * rest only yields signatures that no contract takes.
 */
export function checkedDomain(answer: Instantiation & { readonly domain: string }): Uint8Array {
  const domain = domainOf(answer);
  const stated = fromHex(answer.domain);
  if (!domain.every((byte, at) => byte === stated[at])) {
    throw new Error(`${answer.contract} states a domain that is not that of its instantiation: sign nothing for it`);
  }
  return domain;
}
