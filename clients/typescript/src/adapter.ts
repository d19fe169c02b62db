import type { SigningCosmWasmClient } from "@cosmjs/cosmwasm";
import type { ISigningCosmWasmClient } from "./generated/baseClient.js";

/**
 * CosmJS's signing client as the generated clients want it: they were made for InterchainJS, where
 * the fee may be left out. Left out or "auto", gas is simulated and priced as `client` was told.
 */
export function adapt(client: SigningCosmWasmClient): ISigningCosmWasmClient {
  return {
    queryContractSmart: (contract, query) => client.queryContractSmart(contract, query),
    execute(sender, contract, msg, fee = "auto", memo, funds) {
      // InterchainJS takes a number for the gas limit, CosmJS for a factor on the simulated gas.
      if (typeof fee === "number") throw new TypeError(`fee ${fee}: give "auto" or {amount, gas}; a bare number means two things`);
      return client.execute(sender, contract, msg, fee, memo, funds);
    },
  };
}
