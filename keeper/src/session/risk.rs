//! How much a provider serves before it is paid.

use serde::{Deserialize, Serialize};

/// The provider side serves only while what is owed and not vouched for stays under the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Risk {
    /// Share of a lease's reserve, in basis points. The cap is never below what one unit costs.
    pub share_bps: u16,
}

impl Default for Risk {
    /// An eighth.
    fn default() -> Self {
        Self { share_bps: 1250 }
    }
}
