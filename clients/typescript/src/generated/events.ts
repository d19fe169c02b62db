// Made by scripts/generate.cjs from schema/events.json: do not edit.

/** Attributes of each event, by its name without `wasm-`. */
export const attributes = {
  /** Registry: a gateway's endpoint record; carries the address list itself. */
  caplet_endpoint: ["account", "address", "key", "addresses", "sequence", "not_after", "signature"],
  /** Registry: a device was registered. */
  caplet_device: ["device", "owner", "gateway", "scheme", "key"],
  /** Registry: a profile was announced. */
  caplet_profile: ["device", "digest", "sequence"],
  /** Registry: a device's keys changed. */
  caplet_rotated: ["device", "epoch", "compromised"],
  /** Registry: a delegation was recorded. */
  caplet_grant: ["device", "delegate", "scopes", "epoch"],
  /** Registry: a device's status changed. */
  caplet_status: ["device", "status"],
  /** Registry: an address was numbered. */
  caplet_account: ["account", "address"],
  /** Registry: a gateway was put into a network region; devices registered or moved there from now on get it. */
  caplet_cell: ["account", "address", "cell"],
  /** Registry: a device moved to a gateway and its region. */
  caplet_moved: ["device", "gateway", "cell"],
  /** Escrow: money came in. */
  caplet_deposit: ["account", "asset", "amount"],
  /** Escrow: money went out. */
  caplet_withdraw: ["account", "asset", "amount"],
  /** Escrow: leases were opened, in the order of the items. */
  caplet_opened: ["market", "epoch", "asset", "start", "end", "leases", "demands", "consumers", "providers", "prices", "lots"],
  /** Escrow: vouchers were redeemed. */
  caplet_settled: ["keeper", "leases", "results", "paid"],
  /** Escrow: leases began to close. */
  caplet_closing: ["leases", "reason"],
  /** Escrow: a lease is over. */
  caplet_closed: ["lease", "reason", "redeemed", "refunded"],
  /** Escrow: a device's key may commit another amount. */
  caplet_allowance: ["device", "asset", "limit"],
  /** Escrow: providers announced that they will reclaim leases. */
  caplet_notice: ["leases"],
  /** Escrow: the protocol's fees went out. */
  caplet_fees: ["asset", "amount", "burned"],
  /** Auction: a market was opened. */
  caplet_market: ["market"],
  /** Auction: orders were placed. */
  caplet_placed: ["market", "side", "page", "count", "epoch"],
  /** Auction: orders ended without a fill. */
  caplet_ended: ["market", "side", "orders", "expired", "pending"],
  /** Auction: an epoch was cleared. */
  caplet_cleared: ["market", "epoch", "fills", "lots", "welfare", "keeper", "skipped"],
  /** Auction: an epoch passed without a clearing; its orders stay. */
  caplet_lapsed: ["market", "epoch"],
  /** Auction: an offer was taken in the instant lane. */
  caplet_taken: ["market", "offer", "consumer", "lots", "price"],
  /** Auction: the base price of a market moved. */
  caplet_price: ["market", "epoch", "from", "to", "utilisation"],
  /** Reputation: governance set new rules; all of them are in the `config` query. */
  caplet_rules: ["suspend_below", "reinstate_above"],
  /** Reputation: a lease was rated. */
  caplet_rated: ["lease", "device", "rating", "weight", "score", "tier"],
  /** Reputation: a device was suspended or reinstated. */
  caplet_suspension: ["device", "suspended", "until"],
} as const;

/** The words behind numbers in attributes. */
export const numbers = {
  "reason": {
    "1": "exhausted",
    "2": "expired",
    "3": "consumer_closed",
    "4": "provider_finished",
    "5": "reclaimed",
    "6": "key_compromised",
    "7": "device_retired",
    "8": "suspended",
    "9": "count_mismatch",
    "10": "pool_default"
  },
  "results": {
    "0": "paid",
    "1": "stale",
    "2": "bad_signature",
    "3": "bad_chain",
    "4": "clamped",
    "5": "closed",
    "6": "unknown",
    "7": "malformed"
  },
  "scheme": {
    "1": "ed25519",
    "2": "secp256k1",
    "3": "secp256r1"
  },
  "side": {
    "1": "offer",
    "2": "demand"
  },
  "status": {
    "1": "active",
    "2": "frozen",
    "3": "retired"
  }
} as const;
