// Made by scripts/generate.cjs from schema/events.json: do not edit.

/** Attributes of each event, by its name without `wasm-`. */
export const attributes = {
  /** Every contract: its administration changed. */
  caplet_admin: ["owner", "pending", "paused"],
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
  /** Registry: an enclave works for a device. */
  caplet_enclave: ["device", "sequence", "sealing", "signing"],
  /** Registry: what is attested of a device was counted. */
  caplet_attestation: ["device", "not_after", "measurement"],
  /** Registry: an attester was appointed, or dismissed. */
  caplet_attester: ["attester", "weight"],
  /** Attest: a quote was verified on chain. */
  caplet_quote: ["device", "evidence", "block", "measurement", "not_after"],
  /** Registry: an address was numbered. */
  caplet_account: ["account", "address"],
  /** Registry: a gateway was put into a network region; devices registered or moved there from now on get it. */
  caplet_cell: ["account", "address", "cell"],
  /** Registry: a gateway measured round-trip times to others. */
  caplet_rtt: ["reporter", "targets", "ms"],
  /** Registry: a device moved to a gateway and its region. */
  caplet_moved: ["device", "gateway", "cell"],
  /** Escrow: money came in. */
  caplet_deposit: ["account", "asset", "amount"],
  /** Escrow: money went out. */
  caplet_withdraw: ["account", "asset", "amount"],
  /** Escrow: leases were opened, in the order of the items. */
  caplet_opened: ["market", "epoch", "asset", "start", "end", "leases", "demands", "consumers", "providers", "prices", "lots"],
  /** Escrow: a lease was opened that several lanes share; `caplet_opened` has the rest of it. */
  caplet_shared: ["lease", "signers", "payees", "caps"],
  /** Escrow: leases took on more lots at their price. */
  caplet_topped_up: ["leases", "lanes", "lots", "caps"],
  /** Escrow: a payer moved reserve from one lane of a lease to another. */
  caplet_cap_moved: ["lease", "from", "to", "amount"],
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
  /** Auction: offers whose class is another by now left their pages for a new one, in the same sequence. */
  caplet_reclassed: ["market", "orders", "page"],
  /** Auction: an epoch was cleared. */
  caplet_cleared: ["market", "epoch", "fills", "lots", "welfare", "keeper", "skipped"],
  /** Auction: a keeper's scan of a large book went on. */
  caplet_scan: ["market", "epoch", "keeper", "scanned"],
  /** Auction: an epoch passed without a clearing; its orders stay. */
  caplet_lapsed: ["market", "epoch"],
  /** Auction: an offer was taken in the instant lane. */
  caplet_taken: ["market", "offer", "consumer", "lots", "price"],
  /** Auction: the base price of a market moved. */
  caplet_price: ["market", "epoch", "from", "to", "utilisation"],
  /** Reputation: governance set new rules; all of them are in the `config` query. */
  caplet_rules: ["suspend_below", "reinstate_above"],
  /** Reputation: a lease was rated. */
  caplet_rated: ["lease", "device", "rating", "weight", "complaint", "score", "tier"],
  /** Reputation: what is at stake for a device changed. */
  caplet_stake: ["device", "amount", "unbonds_at"],
  /** Reputation: a device was proven to have signed what cannot both be true. */
  caplet_lie: ["device", "lease", "slashed", "bounty"],
  /** Reputation: a device was suspended or reinstated. */
  caplet_suspension: ["device", "suspended", "until"],
  /** Futures: a series was issued. */
  caplet_series: ["series", "device", "market", "first_slot", "slots", "lots", "price", "collateral"],
  /** Futures: lots came to a position, bought or transferred. */
  caplet_position: ["series", "from", "to", "first", "end", "lots", "price"],
  /** Futures: a bid was placed. */
  caplet_bid: ["series", "bid", "device", "lots", "limit"],
  /** Futures: the first sale of a series is over. */
  caplet_sale: ["series", "price", "lots"],
  /** Futures: a listing was made, changed by a sale, or ended. */
  caplet_listing: ["listing", "series", "device", "lots", "price"],
  /** Futures: lots were exercised. */
  caplet_exercised: ["series", "device", "slot", "lots", "lease", "paid"],
  /** Futures: what was over in a position was settled. */
  caplet_futures_settled: ["series", "device", "lapsed", "reserved", "defaulted", "paid"],
  /** Futures: an exercised lease was reckoned. */
  caplet_reckoned: ["series", "lease", "missed", "paid"],
  /** Futures: the collateral of a series, or who puts it up, changed, or a margin call began or ended. */
  caplet_margin: ["series", "device", "collateral", "required", "called"],
  /** Futures: a seller defaulted. */
  caplet_default: ["series", "device", "from", "lots", "paid"],
  /** Futures: trades were added to a market's index. */
  caplet_index: ["market", "trades", "mark"],
  /** Futures: a series is over. */
  caplet_series_closed: ["series", "returned"],
  /** Futures: an account lets another act for it. */
  caplet_operator: ["account", "operator", "until"],
  /** Pool: a member joined, was admitted, announced to leave, or left. */
  caplet_member: ["device", "lots", "active", "leaves"],
  /** Pool: a member serves a lease, or more lots of it. */
  caplet_served: ["lease", "member", "before", "penalty"],
  /** Pool: a serving member was challenged, or answered. */
  caplet_challenged: ["lease", "challenger", "answer_by"],
  /** Pool: revenue was credited. */
  caplet_revenue: ["lease", "member", "delivered", "ready"],
  /** Pool: a member was paid. */
  caplet_member_paid: ["device", "amount"],
} as const;

/** The words behind numbers in attributes. */
export const numbers = {
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
  "status": {
    "1": "active",
    "2": "frozen",
    "3": "retired"
  },
  "scheme": {
    "1": "ed25519",
    "2": "secp256k1",
    "3": "secp256r1"
  },
  "side": {
    "1": "offer",
    "2": "demand"
  }
} as const;
