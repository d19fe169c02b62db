import { bytes, optional, padding, unsigned } from "./field.js";
import { Layout } from "./layout.js";
import { publicKey } from "./public-key.js";

// Fields are named as in `schema/vectors` and, where a message has them, as in its JSON: what is
// signed and what is sent are one object.

/** A device's consent to be registered for one owner. Under the registry's domain. */
export const possession = new Layout("caplet/possess/1", {
  key: publicKey,
  /** X25519 key; left out if the device has none. */
  sealing: optional(32),
  /** SHA-256 of the owner's address as text: `textHash`. */
  owner: bytes(32),
});

/** Where a gateway is dialled, signed by its endpoint key. Under the registry's domain. */
export const endpoint = new Layout("caplet/endpt/1", {
  /** The gateway's account number: open the account first. */
  account: unsigned(4),
  key: bytes(32),
  /** SHA-256 of the raw protobuf `Endpoint`. */
  addresses: bytes(32),
  sequence: unsigned(8),
  not_after: unsigned(8),
});

/** A device stands by a profile. Under the registry's domain. */
export const profile = new Layout("caplet/profile/1", {
  device: unsigned(4),
  sequence: unsigned(8),
  not_after: unsigned(8),
  /** SHA-256 of the raw protobuf `CapabilityProfile`. */
  digest: bytes(32),
});

/** An order to sell. Under the auction's domain. */
export const offer = new Layout("caplet/order/1", {
  device: unsigned(4),
  sequence: unsigned(4),
  market: unsigned(4),
  latency: unsigned(1),
  throughput: unsigned(1),
  accuracy: unsigned(1),
  flags: unsigned(1),
  tags: unsigned(4),
  ask: unsigned(8),
  batch: unsigned(2),
  instant: unsigned(2),
  not_after: unsigned(8),
  relay_fee: unsigned(8),
});

/** An order to buy. Under the auction's domain. */
export const demand = new Layout("caplet/demand/1", {
  device: unsigned(4),
  sequence: unsigned(4),
  market: unsigned(4),
  latency: unsigned(1),
  throughput: unsigned(1),
  accuracy: unsigned(1),
  reliability: unsigned(1),
  flags: unsigned(1),
  padding: padding(1),
  tags: unsigned(4),
  rho: unsigned(2),
  lambda: unsigned(2),
  limit: unsigned(8),
  lots: unsigned(2),
  not_after: unsigned(8),
  relay_fee: unsigned(8),
});

/** A consumer's cumulative statement on a lane of a lease. Under the escrow's domain. */
export const voucher = new Layout("caplet/voucher/1", {
  lease: unsigned(8),
  /** 0 is a lease's first lane. */
  lane: unsigned(2),
  /** Links of the hash chain it carries; 0 for none, and then the chain's other fields are zero. */
  links: unsigned(2),
  link_units: unsigned(4),
  /** Base units owed since the lease began: what pays. */
  amount: unsigned(16),
  units: unsigned(8),
  link_amount: unsigned(8),
  anchor: optional(32),
  /** SHA-256 of the QoS report, in a lease's last voucher. */
  evidence: optional(32),
});
