//! Who and what there is.

use caplet_api::escrow::FeeSchedule;
use caplet_protocol::{AssetId, Bps};

/// Native, 6 decimals.
pub(crate) const UCAP: AssetId = AssetId(1);
/// `ibc/...`, 8 decimals.
pub(crate) const IBC: AssetId = AssetId(2);
/// CW20, 18 decimals.
pub(crate) const TOKEN: AssetId = AssetId(3);
/// CW20 that takes a tax of 10 %.
pub(crate) const TAXED: AssetId = AssetId(4);
pub(crate) const IBC_DENOM: &str =
    "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";
/// What everybody has of every asset, outside.
pub(crate) const RICHES: u128 = 1_000_000_000_000;

/// Alice's consumer.
pub(crate) const ALICE: u32 = 1;
/// Bob's consumer.
pub(crate) const BOB: u32 = 2;
/// Carol's provider on gateway `gw1`.
pub(crate) const CAROL: u32 = 3;
/// Dave's provider on gateway `gw2`.
pub(crate) const DAVE: u32 = 4;
/// Owners by device.
pub(crate) const OWNERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

pub(crate) const FEES: FeeSchedule = FeeSchedule { protocol: Bps(100), keeper: Bps(50) };
pub(crate) const BOND: u64 = 7;
pub(crate) const EXPOSURE: u64 = 200;
pub(crate) const SETTLE_SECS: u32 = 600;
pub(crate) const SETTLE_BLOCKS: u32 = 20;
pub(crate) const NOTICE_SECS: u32 = 100;
/// Seconds a lease runs from its opening.
pub(crate) const LEASE_SECS: u64 = 3_600;
