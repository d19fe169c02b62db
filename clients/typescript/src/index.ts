// Caplet's contracts from TypeScript: generated clients, the layouts that keys sign, packed vouchers.

export { AuctionClient, AuctionQueryClient } from "./generated/Auction.client.js";
export { EscrowClient, EscrowQueryClient } from "./generated/Escrow.client.js";
export { RegistryClient, RegistryQueryClient } from "./generated/Registry.client.js";
export { ReputationClient, ReputationQueryClient } from "./generated/Reputation.client.js";
export type * as auction from "./generated/Auction.types.js";
export type * as escrow from "./generated/Escrow.types.js";
export type * as registry from "./generated/Registry.types.js";
export type * as reputation from "./generated/Reputation.types.js";
export { adapt } from "./adapter.js";
export { DeviceKey, textHash } from "./device-key.js";
export { checkedDomain, domainOf, domainPreimage, type Instantiation } from "./domain.js";
export { type Attributes, type ChainEvent, type EventName, eventOf, list, orderId, results } from "./events.js";
export { type ChainTerms, hashChain } from "./hash-chain.js";
export * as layouts from "./layouts.js";
export { type PackedChain, type VoucherItem, packVouchers } from "./packed.js";
