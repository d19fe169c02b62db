import { Hmac, Sha256, sha256 } from "@cosmjs/crypto";
import { toAscii } from "@cosmjs/encoding";
import { type Whole, unsigned } from "./field.js";
import { Layout, concat } from "./layout.js";

/** What a chain's salt is made of. Under the escrow's domain. */
const salt = new Layout("caplet/tick/1", {
  lease: unsigned(8),
  lane: unsigned(2),
  links: unsigned(2),
  amount: unsigned(16),
  link_amount: unsigned(8),
});

/** What a hash chain is bound to. */
export interface ChainTerms {
  readonly lease: Whole;
  readonly lane: Whole;
  readonly links: number;
  readonly amount: Whole;
  readonly link_amount: Whole;
}

/**
 * The links of a voucher's hash chain: link 0 is the anchor, link k is revealed at the k-th tick.
 * `secret` is the payer's own and never leaves it; the same terms give the same chain again.
 */
export function hashChain(domain: Uint8Array, terms: ChainTerms, secret: Uint8Array): Uint8Array[] {
  const salted = sha256(salt.preimage(domain, terms));
  const step = concat([toAscii("cpltick"), salted.slice(0, 16)]);
  const links = [new Hmac(Sha256, secret).update(salted).digest()];
  for (let k = terms.links; k > 0; k--) links.unshift(sha256(concat([step, links[0]!])));
  return links;
}
