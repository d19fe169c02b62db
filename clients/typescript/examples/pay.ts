// What was used is vouchered, vouchers are redeemed, and the lease ends.
import { toBase64 } from "@cosmjs/encoding";
import { type DeviceKey, EscrowClient, ReputationClient, adapt, eventOf, hashChain, layouts, packVouchers, results } from "../src/index.js";
import type { Party, Sent } from "./party.js";

/** What a consumer owes on a lease since it began, and the units it had for it. */
export interface Owed {
  readonly lease: string;
  readonly amount: string;
  readonly units: string;
}

/** Signs a plain voucher: lane 0, no hash chain. Final once given away; a later one must owe more. */
export async function signVoucher(domain: Uint8Array, key: DeviceKey, owed: Owed): Promise<Uint8Array> {
  return key.sign(layouts.voucher.preimage(domain, { ...owed, lane: 0, links: 0, link_units: 0, link_amount: 0 }));
}

/** Redeems one voucher in packed form; thousands may go in one message. Returns what became of each. */
export async function settlePacked(escrow: string, by: Party, owed: Owed, signature: Uint8Array): Promise<string[]> {
  const tell = new EscrowClient(adapt(by.client), by.address, escrow);
  const vouchers = toBase64(packVouchers([{ ...owed, lane: 0, signature }]));
  const { events }: Sent = await tell.settle({ vouchers });
  return results(eventOf(events, escrow, "caplet_settled").results);
}

/** A hash chain: each link is worth this much more, without another signature. */
export interface Ticks {
  readonly links: number;
  readonly link_units: number;
  readonly link_amount: string;
}

/** Redeems a voucher that carries a hash chain, written out, with its k-th link. Returns what became of it. */
export async function redeemTicks(escrow: string, by: Party, domain: Uint8Array, key: DeviceKey, owed: Owed, ticks: Ticks, k: number, secret: Uint8Array): Promise<string[]> {
  // The consumer: one signature for the whole chain, then a link a tick.
  const links = hashChain(domain, { ...owed, ...ticks, lane: 0 }, secret);
  const signature = await key.sign(layouts.voucher.preimage(domain, { ...owed, ...ticks, lane: 0, anchor: links[0] }));
  // The payee, when the consumer is gone: the voucher and the best link it has seen.
  const tell = new EscrowClient(adapt(by.client), by.address, escrow);
  const chain = { ...ticks, anchor: toBase64(links[0]), k, link: toBase64(links[k]) };
  const { events }: Sent = await tell.redeem({ voucher: { ...owed, lane: 0, chain, signature: toBase64(signature) } });
  return results(eventOf(events, escrow, "caplet_settled").results);
}

/** Ends a lease as its payer. Vouchers are redeemed until the settle window has passed; then anyone sweeps. */
export async function close(escrow: string, payer: Party, lease: string): Promise<void> {
  await new EscrowClient(adapt(payer.client), payer.address, escrow).close({ items: [{ lease, reason: "consumer_closed" }] });
}

/** After the settle window: refunds the payer and gets the close bond. */
export async function sweep(escrow: string, by: Party, lease: string): Promise<void> {
  await new EscrowClient(adapt(by.client), by.address, escrow).sweep({ leases: [lease] });
}

/** Rates a closed lease by what was redeemed and why it ended. With the QoS report behind the last voucher's evidence, that speaks. */
export async function rate(reputation: string, by: Party, lease: string): Promise<void> {
  await new ReputationClient(adapt(by.client), by.address, reputation).rate({ leases: [{ lease }] });
}
