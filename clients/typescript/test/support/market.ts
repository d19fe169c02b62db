// One market with an hour's slots and epochs, so that nothing runs out under a slow machine, and a
// settle window of seconds.
import type { auction, reputation } from "../../src/index.js";

export const market: auction.MarketConfig = {
  kind: "sensor",
  resource: "temperature",
  unit: "reading",
  lot_units: "20",
  slot_secs: 3_600,
  asset: 1,
  tick_size: "10",
  epoch_secs: 3_600,
  settle_secs: 2,
  settle_blocks: 4,
  notice_secs: 2,
  exposure: 2_500,
  lot_fee: "10",
  order_bond: "10",
  close_bond: "10",
  tiers: { latency_ms: [1_000, 200], throughput: ["10"], accuracy_ppm: [900_000], reliability: [5_000, 7_000, 8_500] },
  tags: ["outdoor", "calibrated"],
  price: { start: 100, floor: 20, ceiling: 2_000, target: 8_000, step: 1_250, premium: 400, premium_scarce: 6_000 },
  max_orders: 2_000,
  trade_reduction: false,
};

export const rules: reputation.Rules = {
  half_life_secs: 2_592_000,
  prior: 6_000,
  prior_weight: "500",
  standard_fee: ["20"],
  payer_cap: "20000",
  window_secs: 600,
  tiers: [5_500, 7_000, 8_500],
  suspend_below: 3_000,
  reinstate_above: 4_500,
  suspend_evidence: "500",
  suspend_faults: 3,
  cooldown_secs: 30,
};
