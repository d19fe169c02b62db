// The whole way of an integrator who has only the schemas, the .proto files and the vectors: two
// strangers' devices, from registration to the money, on a real chain.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { sha256 } from "@cosmjs/crypto";
import { toBase64, toHex } from "@cosmjs/encoding";
import { AuctionQueryClient, DeviceKey, EscrowClient, EscrowQueryClient, RegistryClient, RegistryQueryClient, ReputationQueryClient, adapt, checkedDomain, layouts, textHash } from "../../src/index.js";
import { type Contracts, type Device, type Party, chainTime } from "../../examples/party.js";
import { close, rate, redeemTicks, settlePacked, signVoucher, sweep } from "../../examples/pay.js";
import { encode } from "../../examples/protobuf.js";
import { announceProfile, registerDevice, registerGateway } from "../../examples/register.js";
import { cancelDemand, fund, placeDemand, relayOffer, signDemand, take } from "../../examples/trade.js";
import { contracts } from "../support/deploy.js";
import { eventually, party } from "../support/localnet.js";
import { root } from "../support/paths.js";

const DEPOSIT = 1_000_000n;
const RELAY_FEE = 25n;
const LOTS = 2;
const schema = join(root, "schema");

/** A sweep that came too early is tried again; any other refusal fails the test. */
function windowOpen(error: Error): boolean {
  assert.match(error.message, /settle window/);
  return false;
}

describe("a lease on a real chain", () => {
  let at: Contracts;
  let admin: Party, gateway: Party, seller: Party, buyer: Party;
  let registry: RegistryQueryClient, auction: AuctionQueryClient, escrow: EscrowQueryClient;
  let provider: Device, consumer: Device;
  let market: number, asset: number, tick: bigint, base: bigint, closeBond: bigint, orderBond: bigint;
  /** What taking an order back cost the buyer. */
  let forfeited = 0n;
  let domain: Uint8Array;
  let offer: string, lease: string;
  /** Free balances before the story, and what the buyer spends outside the lease. */
  let start: Record<"gateway" | "seller" | "buyer", bigint>;

  const free = async (who: Party) => BigInt((await escrow.balance({ address: who.address, asset })).free);
  const ordered = async (who: Party) => BigInt((await escrow.balance({ address: who.address, asset })).ordered);
  const protocolFees = async () => BigInt((await escrow.ledger({ asset })).fees);
  const reserve = async () => {
    const { price, lots } = await escrow.lease({ lease });
    return BigInt(price) * BigInt(lots);
  };

  before(async () => {
    [admin, gateway, seller, buyer] = await Promise.all(["admin", "keeper-3", "user-5", "user-6"].map(party));
    at = await contracts(admin);
    const client = adapt(buyer.client);
    registry = new RegistryQueryClient(client, at.registry);
    auction = new AuctionQueryClient(client, at.auction);
    escrow = new EscrowQueryClient(client, at.escrow);
    domain = checkedDomain(await escrow.domain());
    const { assets } = await escrow.assets();
    asset = assets.find(({ kind }) => "native" in kind && kind.native.denom === "ucap")!.asset;
    const found = (await auction.markets({})).markets.find(({ config }) => config.asset === asset)!;
    market = found.market;
    tick = BigInt(found.config.tick_size);
    base = BigInt(found.base) * tick;
    closeBond = BigInt(found.config.close_bond);
    orderBond = BigInt(found.config.order_bond);
  });

  test("a gateway publishes where it is dialled, and the owner of the registry says where it stands", async () => {
    const addresses = await encode(schema, "Endpoint", { addresses: ["192.0.2.7:4433"] });
    await registerGateway(at.registry, gateway, await DeviceKey.random(), addresses);
    const known = await registry.gateway({ address: gateway.address });
    assert.equal(known.addresses, toHex(sha256(addresses)));
    if ((await registry.admin()).owner !== admin.address) return;
    await new RegistryClient(adapt(admin.client), admin.address, at.registry).assignCell({ gateway: gateway.address, cell: 1 });
    assert.equal((await registry.gateway({ address: gateway.address })).cell, 1);
  });

  test("two owners register a device each, with proof of its key", async () => {
    provider = await registerDevice(at.registry, seller, gateway.address, await DeviceKey.random());
    consumer = await registerDevice(at.registry, buyer, gateway.address, await DeviceKey.random());
    for (const device of [provider, consumer]) {
      const known = await registry.deviceByKey({ key: device.key.key });
      assert.equal(known.device, device.id);
      assert.equal(known.owner.address, device.owner.address);
      assert.equal(known.status, "active");
    }
  });

  test("a device's consent for one owner registers it for no other", async () => {
    const key = await DeviceKey.random();
    const consent = layouts.possession.preimage(checkedDomain(await registry.domain()), { key: key.key, owner: textHash(seller.address) });
    const device = { key: key.key, owner: buyer.address, gateway: gateway.address, proof: toBase64(await key.sign(consent)) };
    const tell = new RegistryClient(adapt(buyer.client), buyer.address, at.registry);
    await assert.rejects(tell.register({ devices: [device] }), /proof of possession does not verify/);
  });

  test("a device announces its profile by digest", async () => {
    const not_after = (await chainTime(seller)) + 3_600;
    const profile = await encode(schema, "CapabilityProfile", {
      device: provider.id,
      name: "roof",
      owner: seller.address,
      sequence: 1,
      notAfter: not_after,
      capabilities: [{ id: 1, kind: 2, resource: "temperature", unit: "reading", price: { amount: 50, denom: "ucap", per: 3, quantity: 1 } }],
    });
    await announceProfile(at.registry, provider, profile, 1, not_after);
    const known = await registry.device({ device: provider.id });
    assert.equal(known.profile?.digest, toHex(sha256(profile)));
  });

  test("the buyer deposits, and lets its device's key commit part of it", async () => {
    start = { gateway: await free(gateway), seller: await free(seller), buyer: await free(buyer) };
    await fund(at.escrow, consumer, asset, { denom: "ucap", amount: `${DEPOSIT}` }, `${DEPOSIT / 2n}`);
    assert.equal(await free(buyer), start.buyer + DEPOSIT);
    assert.deepEqual(await escrow.allowance({ device: consumer.id, asset }), { limit: `${DEPOSIT / 2n}`, committed: "0" });
  });

  const requirement = async (sequence: number, limit: bigint, relay_fee: bigint) => ({
    device: consumer.id,
    sequence,
    latency: 0,
    throughput: 0,
    accuracy: 0,
    reliability: 0,
    flags: 0,
    tags: 0,
    rho: 0,
    lambda: 0,
    limit: `${limit}`,
    lots: LOTS,
    not_after: `${(await chainTime(buyer)) + 3_600}`,
    relay_fee: `${relay_fee}`,
  });

  test("the gateway relays a signed offer in packed form, and the book shows it", async () => {
    const not_after = `${(await chainTime(seller)) + 3_600}`;
    const what = { device: provider.id, sequence: 1, latency: 1, throughput: 1, accuracy: 1, flags: 0, tags: 1 };
    const terms = { ask: `${base}`, batch: 1, instant: 2 * LOTS, not_after, relay_fee: "0" };
    offer = await relayOffer(at.auction, gateway, provider, market, { ...what, ...terms });
    const shown = await auction.order({ market, side: "offer", order: offer });
    assert.deepEqual(
      { device: shown.device, price: shown.price, lots: shown.lots, instant: shown.instant, open: shown.open },
      { device: provider.id, price: `${base}`, lots: 1, instant: 2 * LOTS, open: true },
    );
  });

  test("an order that was changed after signing is refused", async () => {
    const demand = await signDemand(at.auction, consumer, market, await requirement(1, tick, 0n));
    await assert.rejects(placeDemand(at.auction, gateway, market, { ...demand, lots: LOTS + 1 }), /signature/i);
  });

  test("a signed demand waits in the book, its whole budget locked, until its owner takes it back", async () => {
    const demand = await signDemand(at.auction, consumer, market, await requirement(1, tick, RELAY_FEE));
    const order = await placeDemand(at.auction, gateway, market, demand);
    const { locked } = await auction.order({ market, side: "demand", order });
    assert.ok(BigInt(locked) >= tick * BigInt(LOTS));
    assert.equal(await ordered(buyer), BigInt(locked));
    assert.equal(await free(gateway), start.gateway + RELAY_FEE);
    assert.equal(await free(buyer), start.buyer + DEPOSIT - RELAY_FEE - BigInt(locked));
    const fees = await protocolFees();
    await cancelDemand(at.auction, buyer, market, order);
    forfeited = (await protocolFees()) - fees;
    // An order that no book froze with leaves its bond to the protocol. In a quick market a book may have frozen
    // by now: then the bond is back, and while that epoch is not over the order stays fillable, its money locked.
    assert.ok(forfeited === 0n || forfeited === orderBond);
    assert.equal(await free(buyer), start.buyer + DEPOSIT - RELAY_FEE - forfeited - (await ordered(buyer)));
  });

  test("a signed demand takes the posted price, and escrow shows the lease", async () => {
    const demand = await signDemand(at.auction, consumer, market, await requirement(2, 2n * base, 0n));
    const before = await free(buyer);
    lease = await take(at, gateway, market, offer, demand);
    const open = await escrow.lease({ lease });
    assert.deepEqual(
      { consumer: open.consumer, provider: open.provider, lots: open.lots, state: open.state, market: open.terms.market },
      { consumer: consumer.id, provider: provider.id, lots: LOTS, state: "open", market },
    );
    assert.deepEqual(open.lanes.map(({ lane, redeemed, signer }) => ({ lane, redeemed, signer })), [{ lane: 0, redeemed: "0", signer: consumer.id }]);
    assert.ok(BigInt(open.price) >= base && BigInt(open.price) <= 2n * base);
    assert.equal(BigInt(open.lanes[0].cap), await reserve());
    assert.equal(await free(buyer), before - (await reserve()) - closeBond);
  });

  test("a voucher settles packed; the same again pays nothing; a forged one pays nothing", async () => {
    const owed = { lease, amount: `${(await reserve()) / 4n}`, units: "10" };
    const signature = await signVoucher(domain, consumer.key, owed);
    assert.deepEqual(await settlePacked(at.escrow, gateway, owed, signature), ["paid"]);
    assert.equal((await escrow.lease({ lease })).lanes[0].redeemed, owed.amount);
    const paid = await free(seller);
    assert.ok(paid > start.seller);
    assert.deepEqual(await settlePacked(at.escrow, gateway, owed, signature), ["stale"]);
    const more = { ...owed, amount: `${BigInt(owed.amount) + 1n}` };
    assert.deepEqual(await settlePacked(at.escrow, gateway, more, signature), ["bad_signature"]);
    assert.equal(await free(seller), paid);
  });

  test("a voucher with a hash chain is redeemed written out, with the best link", async () => {
    const owed = { lease, amount: `${(await reserve()) / 4n}`, units: "10" };
    const ticks = { links: 8, link_units: 1, link_amount: "30" };
    assert.deepEqual(await redeemTicks(at.escrow, gateway, domain, consumer.key, owed, ticks, 5, randomBytes(32)), ["paid"]);
    assert.equal((await escrow.lease({ lease })).lanes[0].redeemed, `${BigInt(owed.amount) + 150n}`);
  });

  test("the buyer closes, the window passes, anyone sweeps: provider, keeper and protocol have theirs, the rest is back", async () => {
    const reserved = await reserve();
    await close(at.escrow, buyer, lease);
    assert.deepEqual(await stands(), ["closing", "consumer_closed"]);
    await eventually(gateway, 200, `lease ${lease} is swept`, () => sweep(at.escrow, gateway, lease).then(() => true, windowOpen));
    assert.deepEqual(await stands(), ["closed", "consumer_closed"]);

    const { lanes, fees } = await escrow.lease({ lease });
    const redeemed = BigInt(lanes[0].redeemed);
    const [protocol, keeper] = [fees.protocol, fees.keeper].map((bps) => (redeemed * BigInt(bps)) / 10_000n);
    assert.ok(redeemed > 0n && redeemed < reserved);
    assert.equal(await free(seller), start.seller + redeemed - protocol - keeper);
    assert.equal(await free(gateway), start.gateway + RELAY_FEE + keeper + closeBond);
    assert.equal(await free(buyer), start.buyer + DEPOSIT - RELAY_FEE - forfeited - redeemed - closeBond - (await ordered(buyer)));
  });

  async function stands() {
    const { state, reason } = await escrow.lease({ lease });
    return [state, reason];
  }

  test("the closed lease is rated, once", async () => {
    const reputation = new ReputationQueryClient(adapt(gateway.client), at.reputation);
    await rate(at.reputation, gateway, lease);
    const { rated, rating } = await reputation.rating({ lease });
    assert.ok(rated && rating! > 0);
    assert.equal((await reputation.standing({ device: provider.id })).leases, 1);
    await rate(at.reputation, gateway, lease);
    assert.equal((await reputation.standing({ device: provider.id })).leases, 1, "a second time changes nothing");
  });

  test("the seller withdraws into its account, and escrow's ledger adds up", async () => {
    const before = BigInt((await seller.client.getBalance(seller.address, "ucap")).amount);
    const due = await free(seller);
    await new EscrowClient(adapt(seller.client), seller.address, at.escrow).withdraw({ asset });
    assert.equal(BigInt((await seller.client.getBalance(seller.address, "ucap")).amount), before + due);
    assert.equal(await free(seller), 0n);

    const ledger = await escrow.ledger({ asset });
    const sum = (...parts: string[]) => parts.reduce((total, part) => total + BigInt(part), 0n);
    const held = sum(ledger.free, ledger.ordered, ledger.reserved, ledger.bonds, ledger.fees);
    assert.equal(held, BigInt(ledger.held));
    assert.equal(held, sum(ledger.deposited) - sum(ledger.withdrawn, ledger.swept));
  });
});
