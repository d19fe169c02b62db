import type { ExecuteResult, SigningCosmWasmClient } from "@cosmjs/cosmwasm";
import type { DeviceKey } from "../src/index.js";

/** Somebody with a chain account: an owner, a gateway. */
export interface Party {
  readonly address: string;
  readonly client: SigningCosmWasmClient;
}

/** A registered device. */
export interface Device {
  readonly id: number;
  readonly key: DeviceKey;
  readonly owner: Party;
}

/** Where the contracts of one deployment are. */
export interface Contracts {
  readonly registry: string;
  readonly auction: string;
  readonly escrow: string;
  readonly reputation: string;
}

/** Unix seconds of the chain's last block: the only clock that deadlines know. */
export async function chainTime({ client }: Party): Promise<number> {
  return Math.floor(Date.parse((await client.getBlock()).header.time) / 1000);
}

/** What a generated client returns is CosmJS's result; its type got lost in the generator. */
export type Sent = ExecuteResult;
