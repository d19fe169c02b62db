// The chain that scripts/localnet started.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SigningCosmWasmClient } from "@cosmjs/cosmwasm";
import { fromHex } from "@cosmjs/encoding";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { GasPrice } from "@cosmjs/stargate";
import type { Party } from "../../examples/party.js";

interface Net {
  readonly chain_id: string;
  readonly rpc: readonly string[];
}

interface Account {
  readonly name: string;
  readonly address: string;
  readonly private_key: string;
}

/** The home folder of the running chain, from CAPLET_LOCALNET. */
function home(): string {
  const folder = process.env.CAPLET_LOCALNET;
  if (!folder) throw new Error("CAPLET_LOCALNET names no chain: run scripts/test-client, or scripts/localnet start --home DIR");
  return folder;
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(home(), file), "utf8")) as T;
}

/** One of the chain's test accounts, connected. Gas is free there. */
export async function party(name: string): Promise<Party> {
  const account = read<Account[]>("accounts.json").find((candidate) => candidate.name === name);
  if (!account) throw new Error(`the local chain has no account ${name}`);
  const wallet = await DirectSecp256k1Wallet.fromKey(fromHex(account.private_key), "wasm");
  const options = { gasPrice: GasPrice.fromString("0ucap"), broadcastPollIntervalMs: 100 };
  const client = await SigningCosmWasmClient.connectWithSigner(read<Net>("net.json").rpc[0], wallet, options);
  return { address: account.address, client };
}

/** Waits until the chain says so; gives up after `blocks` blocks. */
export async function eventually({ client }: Party, blocks: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  const last = (await client.getHeight()) + blocks;
  while (!(await holds())) {
    if ((await client.getHeight()) > last) throw new Error(`after ${blocks} blocks still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
