import assert from "node:assert/strict";
import { test } from "node:test";
import type { SigningCosmWasmClient } from "@cosmjs/cosmwasm";
import { RegistryClient, adapt, checkedDomain, eventOf, list, orderId } from "../../src/index.js";
import { vectorFile } from "../support/vectors.js";

/** A client that only remembers what it was called with. */
function listener() {
  const calls: unknown[][] = [];
  const execute = async (...call: unknown[]) => void calls.push(call);
  return { calls, client: { execute } as unknown as SigningCosmWasmClient };
}

test("a generated client sends its message as the contract's JSON, with a simulated fee", async () => {
  const { calls, client } = listener();
  await new RegistryClient(adapt(client), "sender", "contract").setStatus({ device: 7, status: "frozen" });
  assert.deepEqual(calls, [["sender", "contract", { set_status: { device: 7, status: "frozen" } }, "auto", undefined, undefined]]);
});

test("a fee that is left out is simulated, one that is spelt out is passed on", async () => {
  const { calls, client } = listener();
  const fee = { amount: [{ denom: "ucap", amount: "5" }], gas: "200000" };
  await adapt(client).execute("sender", "contract", {});
  await adapt(client).execute("sender", "contract", {}, fee);
  assert.deepEqual(calls.map((call) => call[3]), ["auto", fee]);
});

test("a fee that is a bare number is refused, since it means two things", () => {
  const { client } = listener();
  assert.throws(() => adapt(client).execute("sender", "contract", {}, 2), /give "auto" or \{amount, gas\}/);
});

test("a domain that is not that of its instantiation is refused", () => {
  const { domain } = vectorFile("voucher");
  const answer = { ...domain, domain: domain.sha256 };
  assert.equal(checkedDomain(answer).length, 32);
  assert.throws(() => checkedDomain({ ...answer, height: "13" }), /sign nothing for it/);
});

test("an event is read of the contract that is meant", () => {
  const event = (contract: string, leases: string) => ({
    type: "wasm-caplet_opened",
    attributes: [{ key: "_contract_address", value: contract }, { key: "leases", value: leases }],
  });
  const events = [event("mine", "6,7"), event("other", "8")];
  assert.deepEqual(list(eventOf(events, "mine", "caplet_opened"), "leases"), ["6", "7"]);
  assert.throws(() => eventOf(events, "third", "caplet_opened"), /0 events caplet_opened of third/);
  assert.throws(() => list(eventOf(events, "mine", "caplet_opened"), "lots"), /different versions/);
});

test("an order's number is its page and slot", () => {
  assert.equal(orderId(2, 5), "517");
  assert.equal(orderId(4_294_967_295, 255), "1099511627775");
});
