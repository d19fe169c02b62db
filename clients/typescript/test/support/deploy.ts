// The contracts on the local chain: those of a deployment file, or deployed anew from artifacts/.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@cosmjs/cosmwasm";
import type { auction, escrow, registry, reputation } from "../../src/index.js";
import type { Contracts, Party } from "../../examples/party.js";
import { market, rules } from "./market.js";
import { root } from "./paths.js";

/** The contracts that CAPLET_DEPLOYMENT names, or new ones. */
export async function contracts(admin: Party): Promise<Contracts> {
  const file = process.env.CAPLET_DEPLOYMENT;
  if (file) return (JSON.parse(readFileSync(file, "utf8")) as { contracts: Contracts }).contracts;
  return deploy(admin);
}

async function deploy(admin: Party): Promise<Contracts> {
  const registry = await instantiate<registry.InstantiateMsg>(admin, "registry", {});
  const escrow = await instantiate<escrow.InstantiateMsg>(admin, "escrow", {
    registry,
    assets: [{ kind: { native: { denom: "ucap" } }, symbol: "CAP", decimals: 6 }],
    fees: { protocol: 100, keeper: 50 },
  });
  const reputation = await instantiate<reputation.InstantiateMsg>(admin, "reputation", { registry, escrow, rules });
  const auction = await instantiate<auction.InstantiateMsg>(admin, "auction", { registry, escrow, reputation });
  const openers: escrow.ExecuteMsg = { set_openers: { openers: [auction] } };
  const opened: auction.ExecuteMsg = { create_market: market };
  await admin.client.execute(admin.address, escrow, openers, "auto");
  await admin.client.execute(admin.address, auction, opened, "auto");
  return { registry, escrow, reputation, auction };
}

async function instantiate<Msg extends JsonObject>({ client, address }: Party, name: string, msg: Msg): Promise<string> {
  const wasm = readFileSync(join(root, "artifacts", `caplet_${name}.wasm`));
  const { codeId } = await client.upload(address, wasm, "auto");
  const { contractAddress } = await client.instantiate(address, codeId, msg, `caplet ${name}`, "auto", { admin: address });
  return contractAddress;
}
