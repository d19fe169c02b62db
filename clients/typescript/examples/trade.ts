// Money in, orders, a lease out.
import { toBase64 } from "@cosmjs/encoding";
import { AuctionClient, AuctionQueryClient, EscrowClient, adapt, type auction, checkedDomain, eventOf, layouts, list, orderId } from "../src/index.js";
import { concat } from "../src/layout.js";
import type { Contracts, Device, Party, Sent } from "./party.js";

/** Moves money into the owner's balance at escrow, and lets the device's key commit up to `limit` of it. */
export async function fund(escrow: string, device: Device, asset: number, coin: { denom: string; amount: string }, limit: string): Promise<void> {
  const tell = new EscrowClient(adapt(device.owner.client), device.owner.address, escrow);
  await tell.deposit({}, "auto", undefined, [coin]);
  await tell.authorise({ asset, device: device.id, limit });
}

/** An order as its device puts it: what is signed and what is sent are one object. */
export type Unsigned<Order> = Omit<Order, "signature">;

/** Places a signed offer in packed form. Anyone may send it; who does gets the relay fee. Returns the order's number. */
export async function relayOffer(contract: string, by: Party, device: Device, market: number, offer: Unsigned<auction.OfferInput>): Promise<string> {
  const ask = new AuctionQueryClient(adapt(by.client), contract);
  const tell = new AuctionClient(adapt(by.client), by.address, contract);
  const signed = { ...offer, market };
  const signature = await device.key.sign(layouts.offer.preimage(checkedDomain(await ask.domain()), signed));
  const offers = toBase64(concat([layouts.offer.body(signed), signature]));
  return placed(contract, await tell.relay({ market, offers, demands: "" }));
}

/** Signs a demand with its device's key. */
export async function signDemand(contract: string, device: Device, market: number, demand: Unsigned<auction.DemandInput>): Promise<auction.DemandInput> {
  const ask = new AuctionQueryClient(adapt(device.owner.client), contract);
  const preimage = layouts.demand.preimage(checkedDomain(await ask.domain()), { ...demand, market });
  return { ...demand, signature: toBase64(await device.key.sign(preimage)) };
}

/** Places a signed demand in the book, where a batch clears it. Returns the order's number. */
export async function placeDemand(contract: string, by: Party, market: number, demand: auction.DemandInput): Promise<string> {
  const tell = new AuctionClient(adapt(by.client), by.address, contract);
  return placed(contract, await tell.place({ market, offers: [], demands: [demand] }));
}

/** The number of the one order that a message placed: its page from the event, its slot from its place in the message. */
function placed(contract: string, { events }: Sent): string {
  return orderId(Number(eventOf(events, contract, "caplet_placed").page), 0);
}

/** Takes a demand back as its device's owner, who needs no signature. */
export async function cancelDemand(contract: string, owner: Party, market: number, order: string): Promise<void> {
  await new AuctionClient(adapt(owner.client), owner.address, contract).cancel({ market, orders: [{ side: "demand", order }] });
}

/** Takes an offer's posted price at once, for a signed demand that never enters the book. Returns the lease. */
export async function take(contracts: Contracts, by: Party, market: number, offer: string, demand: auction.DemandInput): Promise<string> {
  const tell = new AuctionClient(adapt(by.client), by.address, contracts.auction);
  const { events }: Sent = await tell.take({ market, offer, demand });
  return list(eventOf(events, contracts.escrow, "caplet_opened").leases)[0];
}
