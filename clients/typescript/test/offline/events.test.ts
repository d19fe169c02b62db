import assert from "node:assert/strict";
import { test } from "node:test";
import { eventOf, list, orderId, results } from "../../src/index.js";

const names = ["market", "epoch", "asset", "start", "end", "leases", "demands", "consumers", "providers", "prices", "lots"];

function opened(contract: string, leases: string, without?: string) {
  const attributes = names.map((key) => ({ key, value: key === "leases" ? leases : "1" })).filter(({ key }) => key !== without);
  return { type: "wasm-caplet_opened", attributes: [{ key: "_contract_address", value: contract }, ...attributes] };
}

test("an event is read of the contract that is meant", () => {
  const events = [opened("mine", "6,7"), opened("other", "8")];
  assert.deepEqual(list(eventOf(events, "mine", "caplet_opened").leases), ["6", "7"]);
  assert.throws(() => eventOf(events, "third", "caplet_opened"), /0 events caplet_opened of third/);
});

test("an event that lacks an attribute is of another version", () => {
  assert.throws(() => eventOf([opened("mine", "6", "lots")], "mine", "caplet_opened"), /has no lots: contract and client are of different versions/);
});

test("an empty list has no entries", () => {
  assert.deepEqual(list(""), []);
});

test("results are words, an unknown one keeps its number", () => {
  assert.deepEqual(results("0,2,99"), ["paid", "bad_signature", "result 99"]);
});

test("an order's number is its page and slot", () => {
  assert.equal(orderId(2, 5), "517");
  assert.equal(orderId(4_294_967_295, 255), "1099511627775");
});
