//! The closing report; its JSON is what programs read.

use caplet_api::escrow::{CloseReason, LeaseState};
use serde::Serialize;
use std::collections::BTreeMap;

/// What happened, counted on the chain.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// How the capabilities were served: `fabric`, over links between gateways.
    pub service: &'static str,
    /// How stores looked local: `fuse`, a mounted folder, or `http`.
    pub store: &'static str,
    /// Uses by applications whose result was right, by kind: records, pictures, programs, files,
    /// downloads.
    pub uses: BTreeMap<&'static str, u64>,
    /// Right answers to constrained devices, whose calls go sealed over MQTT.
    pub sealed_uses: u64,
    /// How often what applications send and get was readable in between.
    pub plaintext_seen: u64,
    /// What was searched for it.
    pub captured: Captured,
    /// Chain id.
    pub chain: String,
    /// Seconds from the first device to the end.
    pub seconds: u64,
    /// Devices enrolled.
    pub devices: usize,
    /// Gateways, each with a keeper and a broker of its own.
    pub gateways: usize,
    /// Batches cleared.
    pub batches: u32,
    /// Offers taken in the instant lane.
    pub instant: u32,
    /// Leases opened.
    pub leases_opened: usize,
    /// Leases that are over: settled, refunded, closed.
    pub leases_settled: usize,
    /// Leases of each kind.
    pub kinds: BTreeMap<&'static str, usize>,
    /// Leases by how they ended.
    pub reasons: BTreeMap<String, usize>,
    /// What was seen of futures and pools.
    #[serde(flatten)]
    pub ahead: super::Ahead,
    /// All assets together, base units.
    #[serde(flatten)]
    pub money: Money,
    /// Whether the identity of [`Money`] holds in every asset, every ledger adds up, and the
    /// contract holds what its ledger says.
    pub conserved: bool,
    /// How often a base price moved.
    pub price_moves: u32,
    /// Devices suspended at some time.
    pub suspended: usize,
    /// Each asset.
    pub assets: Vec<AssetReport>,
    /// Providers' reputation, before and after.
    pub reputation: Vec<Standing>,
    /// Every lease.
    pub leases: Vec<LeaseLine>,
}

/// Bytes that passed in between and were searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Captured {
    /// Between devices and brokers.
    pub mqtt_bytes: u64,
    /// Between gateways, over HTTP.
    pub exchange_bytes: u64,
    /// Between gateways, over links.
    pub link_bytes: u64,
}

/// Where the payers' money went; `deposited = paid + fees + refunded + balance_remaining`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Into escrow, by payers.
    pub deposited: u128,
    /// Credited to providers, net.
    pub paid: u128,
    /// All fees: protocol, keepers, relays, bonds paid out.
    pub fees: u128,
    /// Withdrawn from escrow by payers.
    pub refunded: u128,
    /// The payers' free, ordered and reserved money at the end.
    pub balance_remaining: u128,
}

impl Money {
    /// Whether every unit is somewhere.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let parts = [self.paid, self.fees, self.refunded, self.balance_remaining];
        parts.iter().try_fold(0u128, |sum, part| sum.checked_add(*part)) == Some(self.deposited)
    }

    /// Sums, part by part; saturates far above any supply.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            deposited: self.deposited.saturating_add(other.deposited),
            paid: self.paid.saturating_add(other.paid),
            fees: self.fees.saturating_add(other.fees),
            refunded: self.refunded.saturating_add(other.refunded),
            balance_remaining: self.balance_remaining.saturating_add(other.balance_remaining),
        }
    }
}

/// One asset.
#[derive(Clone, Debug, Serialize)]
pub struct AssetReport {
    /// What people call a whole unit.
    pub symbol: String,
    /// Decimals of a whole unit.
    pub decimals: u8,
    /// Base units.
    #[serde(flatten)]
    pub money: Money,
    /// What leases redeemed, gross, by the leases themselves.
    pub redeemed: u128,
    /// Whether the parts of the ledger sum to what the contract holds.
    pub ledger_adds_up: bool,
}

/// A provider's reputation.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The device.
    pub device: u32,
    /// Its name.
    pub name: String,
    /// R before, basis points.
    pub before: u16,
    /// R after, basis points.
    pub after: u16,
    /// Lower bound after, basis points.
    pub bound: u16,
    /// Tier after.
    pub tier: u8,
    /// Leases rated.
    pub leases: u32,
    /// Whether it is suspended at the end.
    pub suspended: bool,
}

/// One lease.
#[derive(Clone, Debug, Serialize)]
pub struct LeaseLine {
    /// Its number.
    pub lease: u64,
    /// Kind.
    pub kind: &'static str,
    /// Who used it.
    pub consumer: String,
    /// Who served it.
    pub provider: String,
    /// Base units a lot.
    pub price: u64,
    /// Lots.
    pub lots: u16,
    /// Units of service that the redeemed amount pays for, at the full price.
    pub units: u64,
    /// What a unit is, as its market says.
    pub unit: String,
    /// Base units reserved.
    pub reserved: u64,
    /// Base units redeemed, gross.
    pub redeemed: u64,
    /// Symbol of the asset.
    pub asset: String,
    /// State.
    pub state: LeaseState,
    /// Why it ended.
    pub reason: Option<CloseReason>,
}

#[cfg(test)]
mod tests {
    use super::Money;

    #[test]
    fn money_adds_up_only_if_every_unit_is_somewhere() {
        let money = Money { deposited: 10, paid: 4, fees: 1, refunded: 3, balance_remaining: 2 };
        assert!(money.adds_up());
        assert!(!Money { paid: 5, ..money }.adds_up());
        assert!(money.plus(&money).adds_up());
        assert!(!Money { paid: u128::MAX, ..money }.adds_up());
    }
}
