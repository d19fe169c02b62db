import assert from "node:assert/strict";
import { test } from "node:test";
import type { SigningCosmWasmClient } from "@cosmjs/cosmwasm";
import { RegistryClient, adapt, checkedDomain } from "../../src/index.js";
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
