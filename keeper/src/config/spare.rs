//! What devices here may let out of what their owners do not use.

use serde::{Deserialize, Serialize};

/// One device in one market: its offers follow the load within these bounds, instead of its profile's capacity and price
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpareConfig {
    /// The device's number.
    pub device: u32,
    /// The market's number.
    pub market: u32,
    /// Lots that its owner uses; absent: this machine's load stands for them, a whole processor for its share of the
    /// capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<u32>,
    /// Lots that are always kept for the owner.
    #[serde(default)]
    pub keep: u32,
    /// Share of the own use that is kept beside it for growth, in basis points.
    #[serde(default = "headroom")]
    pub headroom_bps: u32,
    /// Least ask a lot in base units; never under that of the profile.
    pub least: u64,
    /// Greatest ask a lot in base units.
    pub most: u64,
}

const fn headroom() -> u32 {
    2_500
}
