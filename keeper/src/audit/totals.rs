//! What the lines of an audit add up to.

use super::{LaneLine, Why};
use caplet_mechanism::fees::{Schedule, Split};
use caplet_protocol::AssetId;
use serde::Serialize;

/// Sums of one asset over the lanes that this keeper serves or has vouchers for, base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The asset.
    pub asset: AssetId,
    /// Redeemed, gross: the three shares add up to it.
    #[serde(serialize_with = "super::text")]
    pub redeemed: u128,
    /// Of that, to payees.
    #[serde(serialize_with = "super::text")]
    pub payees: u128,
    /// Of that, to whoever submitted.
    #[serde(serialize_with = "super::text")]
    pub keepers: u128,
    /// Of that, to the protocol.
    #[serde(serialize_with = "super::text")]
    pub protocol: u128,
    /// Vouched for and still to be redeemed.
    #[serde(serialize_with = "super::text")]
    pub waiting: u128,
    /// Vouched for and lost, because the lease closed or the contract refused.
    #[serde(serialize_with = "super::text")]
    pub given_up: u128,
}

impl Total {
    /// Adds a line, which pays by these fees.
    pub(super) fn add(&mut self, line: &LaneLine, fees: Schedule) {
        let Split { protocol, keeper, payee } = fees.of(line.redeemed);
        self.redeemed = self.redeemed.saturating_add(line.redeemed.into());
        self.payees = self.payees.saturating_add(payee.into());
        self.keepers = self.keepers.saturating_add(keeper.into());
        self.protocol = self.protocol.saturating_add(protocol.into());
        let open = u128::try_from(line.difference).unwrap_or(0);
        match line.why {
            Why::Waiting => self.waiting = self.waiting.saturating_add(open),
            Why::GivenUp | Why::Refused => self.given_up = self.given_up.saturating_add(open),
            _ => {}
        }
    }
}
