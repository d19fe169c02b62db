//! Asking store and chain.

use super::explain::{Seen, explain};
use super::meter::{self, Known};
use super::states::States;
use super::{LaneLine, LedgerLine, MeterLine, Report, Total};
use crate::deploy::Deployment;
use crate::leases::Lease;
use crate::registrar;
use crate::settler::vouchers::{self, Kept};
use crate::store::Store;
use caplet_api::common::MAX_LIMIT;
use caplet_api::escrow::{
    AssetsResponse, LaneResponse, LeaseResponse, LeasesResponse, LedgerResponse, QueryMsg,
};
use caplet_chain::{Chain, ChainExt as _};
use caplet_mechanism::fees::Schedule;
use caplet_metering::PayeeState;
use caplet_protocol::{AssetId, DeviceId, Lane, LeaseId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Place = (LeaseId, Lane);

/// Compares; `lanes` is the file with both sides' metering states, which is only read: `None` if there is none.
///
/// # Errors
/// If the chain cannot be asked, or store or file fail.
pub async fn audit(
    chain: &dyn Chain,
    deployment: &Deployment,
    store: &Store,
    lanes: Option<&Path>,
) -> anyhow::Result<Report> {
    let escrow = &deployment.contracts.escrow;
    let height = chain.head().await?.height;
    let mut kept: BTreeMap<Place, Kept> = BTreeMap::new();
    for voucher in vouchers::all(store)? {
        kept.insert((voucher.item.voucher.lease, voucher.item.voucher.lane), voucher);
    }
    let vouched: BTreeMap<Place, u128> =
        kept.iter().map(|(place, kept)| (*place, kept.worth())).collect();
    // after the vouchers, that a keeper which goes on meanwhile does not seem to have given what it had not accepted
    let states = lanes.map(States::read).transpose()?.unwrap_or_default();
    let mut known: BTreeMap<Place, Known> = BTreeMap::new();
    let local: BTreeSet<DeviceId> =
        registrar::devices(store)?.into_iter().map(|device| device.id).collect();
    let mut lines = Vec::new();
    let mut totals: BTreeMap<AssetId, Total> = BTreeMap::new();
    for lease in leases(chain, escrow).await? {
        let id = LeaseId(lease.lease.u64());
        let fees = Schedule { protocol: lease.fees.protocol, keeper: lease.fees.keeper };
        for lane in &lease.lanes {
            if states.has((id, lane.lane)) {
                let whole = Lease::new(lease.clone(), false, false);
                known.insert((id, lane.lane), (whole, seen(&lease, lane)));
            }
            let voucher = kept.remove(&(id, lane.lane));
            if voucher.is_none() && !local.contains(&lease.provider) {
                continue;
            }
            let line = line(&lease, lane, voucher.as_ref());
            let asset = lease.terms.asset;
            totals.entry(asset).or_insert(Total { asset, ..Total::default() }).add(&line, fees);
            lines.push(line);
        }
    }
    lines.extend(kept.values().map(nowhere));
    lines.sort_by_key(|line| (line.lease, line.lane));
    let metered = metered(&states, &known, &vouched);
    let ledgers = ledgers(chain, escrow).await?;
    let chain_id = chain.chain_id().to_owned();
    let (totals, quality) = (totals.into_values().collect(), super::quality::lines(store)?);
    Ok(Report { chain_id, height, lanes: lines, metered, totals, ledgers, quality })
}

/// Every state that is kept, beside what comes before and after it.
fn metered(
    states: &States,
    known: &BTreeMap<Place, Known>,
    vouched: &BTreeMap<Place, u128>,
) -> Vec<MeterLine> {
    let payers = states.payers.iter().map(|(place, state)| {
        let accepted = states.payees.get(place).map(PayeeState::worth);
        meter::payer(*place, state, known.get(place), accepted)
    });
    let payees = states.payees.iter().map(|(place, state)| {
        meter::payee(*place, state, known.get(place), vouched.get(place).copied())
    });
    let mut lines: Vec<MeterLine> = payers.chain(payees).collect();
    lines.sort_by_key(|line| (line.lease, line.lane, line.side));
    lines
}

/// Every lease there is.
async fn leases(chain: &dyn Chain, escrow: &str) -> anyhow::Result<Vec<LeaseResponse>> {
    let (mut all, mut start_after) = (Vec::new(), None);
    loop {
        let query = QueryMsg::Leases { start_after, limit: Some(MAX_LIMIT) };
        let LeasesResponse { leases } = chain.query(escrow, &query).await?;
        let Some(last) = leases.last() else { return Ok(all) };
        start_after = Some(last.lease);
        all.extend(leases);
    }
}

fn seen(lease: &LeaseResponse, lane: &LaneResponse) -> Seen {
    let (cap, redeemed) = (lane.cap.u64(), lane.redeemed.u64());
    Seen { cap, redeemed, state: lease.state, reason: lease.reason }
}

fn line(lease: &LeaseResponse, lane: &LaneResponse, kept: Option<&Kept>) -> LaneLine {
    let seen = seen(lease, lane);
    let Seen { cap, redeemed, .. } = seen;
    let (difference, why, words) = explain(Some(seen), kept);
    LaneLine {
        lease: LeaseId(lease.lease.u64()),
        lane: lane.lane,
        asset: Some(lease.terms.asset),
        state: Some(lease.state),
        reason: lease.reason,
        cap,
        redeemed,
        vouched: kept.map(Kept::worth),
        difference,
        why,
        words,
    }
}

/// A voucher whose lane the chain does not have.
fn nowhere(kept: &Kept) -> LaneLine {
    let (difference, why, words) = explain(None, Some(kept));
    LaneLine {
        lease: kept.item.voucher.lease,
        lane: kept.item.voucher.lane,
        asset: None,
        state: None,
        reason: None,
        cap: 0,
        redeemed: 0,
        vouched: Some(kept.worth()),
        difference,
        why,
        words,
    }
}

async fn ledgers(chain: &dyn Chain, escrow: &str) -> anyhow::Result<Vec<LedgerLine>> {
    let AssetsResponse { assets } = chain.query(escrow, &QueryMsg::Assets {}).await?;
    let mut lines = Vec::with_capacity(assets.len());
    for asset in assets {
        let query = QueryMsg::Ledger { asset: asset.asset };
        lines.push(ledger(asset.asset, &chain.query(escrow, &query).await?));
    }
    Ok(lines)
}

pub(super) fn ledger(asset: AssetId, ledger: &LedgerResponse) -> LedgerLine {
    let parts = [ledger.free, ledger.ordered, ledger.reserved, ledger.bonds, ledger.fees];
    let owed = parts.iter().fold(0u128, |sum, part| sum.saturating_add(part.u128()));
    let out = ledger.withdrawn.u128().saturating_add(ledger.swept.u128());
    let adds_up = owed.checked_add(out) == Some(ledger.deposited.u128());
    let held = ledger.held.u128();
    let words = match (adds_up, held.checked_sub(owed)) {
        (false, _) => format!(
            "its parts are {owed}, {} came in and {out} went out: the contract contradicts itself, report it",
            ledger.deposited
        ),
        (true, None) => format!(
            "{} is missing: a token takes from balances, or the contract is broken",
            owed.saturating_sub(held)
        ),
        (true, Some(0)) => String::from("to the last unit"),
        (true, Some(over)) => format!("{over} came without a deposit and is nobody's"),
    };
    LedgerLine { asset, owed, held, adds_up, is_covered: held >= owed, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(held: u128, deposited: u128) -> LedgerLine {
        let ledger_of = LedgerResponse {
            free: 10u128.into(),
            ordered: 20u128.into(),
            reserved: 30u128.into(),
            bonds: 1u128.into(),
            fees: 4u128.into(),
            deposited: deposited.into(),
            withdrawn: 30u128.into(),
            swept: 5u128.into(),
            held: held.into(),
        };
        ledger(AssetId(1), &ledger_of)
    }

    #[test]
    fn a_ledger_that_lacks_a_unit_or_contradicts_itself_is_told_apart() {
        let even = of(65, 100);
        assert!(even.adds_up && even.is_covered && even.words == "to the last unit");
        assert!(of(66, 100).words.starts_with("1 came without a deposit"));
        let short = of(64, 100);
        assert!(!short.is_covered && short.words.starts_with("1 is missing"));
        assert!(!of(65, 101).adds_up);
    }
}
