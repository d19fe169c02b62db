//! Escrow and registry as this contract sees them: contracts without messages, whose documented pages
//! the tests write. The only file that knows so: a suite with the real ones replaces this module.

use caplet_api::escrow::{CloseReason, LeaseState, Terms};
use caplet_api::layout::{
    DEALS, DEVICES, DealRecord, DeviceRecord, KEYS, REDEEMED, STATES, StateRecord, account_key,
    evidence_key, fees_key, old_keys_key, terms_key,
};
use caplet_api::opened::Opened;
use caplet_api::registry::DeviceStatus;
use caplet_base::pages::PageSet;
use caplet_mechanism::fees::Schedule;
use caplet_protocol::layout::{PublicKey, QosReport};
use caplet_protocol::{AssetId, Bps, DeviceId, Domain, LeaseId, MarketId};
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Empty, Env, MessageInfo, Response, StdError, StdResult, Storage,
};
use cw_multi_test::{App, Contract, ContractWrapper, Executor, IntoAddr};

/// Start of service of every lease here, Unix seconds: a while before the blocks of the test chain.
pub(crate) const START: u64 = 1_571_000_000;

/// The consuming device of every lease here.
pub(crate) const CONSUMER: u32 = 99;

/// A lease as escrow's pages tell of it.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    /// Its first slot.
    pub(crate) id: u64,
    pub(crate) provider: u32,
    pub(crate) payer: u32,
    pub(crate) asset: u16,
    pub(crate) price: u64,
    pub(crate) lots: u16,
    /// Gross, a lane each.
    pub(crate) redeemed: Vec<u64>,
    pub(crate) state: LeaseState,
    pub(crate) reason: CloseReason,
    /// Unix seconds.
    pub(crate) end: u64,
    /// Unix seconds; 0 if it closed at once.
    pub(crate) closing_time: u32,
    pub(crate) evidence: Option<[u8; 32]>,
}

impl Lease {
    /// A closed lease of one lot for 10,000 base units, which burn 100: a standard lease.
    pub(crate) fn of(id: u64, provider: u32, payer: u32) -> Self {
        Self {
            id,
            provider,
            payer,
            asset: 1,
            price: 10_000,
            lots: 1,
            redeemed: vec![10_000],
            state: LeaseState::Closed,
            reason: CloseReason::Exhausted,
            end: u64::MAX,
            closing_time: 0,
            evidence: None,
        }
    }

    /// Ended for this reason with this much redeemed.
    pub(crate) fn ended(self, reason: CloseReason, redeemed: u64) -> Self {
        Self { reason, redeemed: vec![redeemed], ..self }
    }

    /// Its best voucher carried this report's digest.
    pub(crate) fn reported(self, report: &QosReport) -> Self {
        Self { evidence: Some(report.evidence()), ..self }
    }
}

/// The protocol's part of a payout as escrow takes it: 1 % beside half a percent of the keeper's.
pub(crate) fn burned(redeemed: u64) -> u64 {
    Schedule { protocol: Bps(100), keeper: Bps(50) }.of(redeemed).protocol
}

/// Puts a contract without messages on the chain.
pub(crate) fn deploy(app: &mut App, label: &str) -> Addr {
    let code = app.store_code(silent());
    app.instantiate_contract(code, "peer".into_addr(), &Empty {}, &[], label, None).unwrap()
}

fn silent() -> Box<dyn Contract<Empty>> {
    type Answer = StdResult<Response>;
    let instantiate =
        |_: DepsMut<'_>, _: Env, _: MessageInfo, _: Empty| -> Answer { Ok(Response::new()) };
    let execute = |_: DepsMut<'_>, _: Env, _: MessageInfo, _: Empty| -> Answer {
        Err(StdError::msg("takes no messages"))
    };
    let query = |_: Deps<'_>, _: Env, _: Empty| -> StdResult<Binary> {
        Err(StdError::msg("only raw queries"))
    };
    Box::new(ContractWrapper::new(execute, instantiate, query))
}

/// Writes a lease's pages; the protocol's fee is 1 %.
pub(crate) fn write_lease(storage: &mut dyn Storage, lease: &Lease) {
    let slot = u32::try_from(lease.id).unwrap();
    let deal = DealRecord {
        terms: slot + 1,
        consumer: CONSUMER,
        provider: lease.provider,
        payer: lease.payer,
        price: lease.price,
        lots: lease.lots,
        lanes: u8::try_from(lease.redeemed.len()).unwrap(),
        flags: 0,
    };
    let state = StateRecord {
        state: lease.state as u8,
        reason: lease.reason as u8,
        closing_time: lease.closing_time,
        fees: 1,
        ..StateRecord::default()
    };
    put(storage, PageSet::new(DEALS, &[]), slot, &deal.encode());
    put(storage, PageSet::new(STATES, &[]), slot, &state.encode());
    for (lane, amount) in (0..).zip(&lease.redeemed) {
        put(storage, PageSet::new(REDEEMED, &[]), slot + lane, &amount.to_be_bytes());
    }
    storage.set(&terms_key(slot + 1), &Opened::store(&terms(lease), 0));
    storage.set(&fees_key(1), &[0, 100, 0, 50]);
    if let Some(evidence) = lease.evidence {
        storage.set(&evidence_key(LeaseId(lease.id)), &evidence);
    }
}

fn put(storage: &mut dyn Storage, mut pages: PageSet, slot: u32, record: &[u8]) {
    pages.put(storage, slot, record).unwrap();
    pages.flush(storage);
}

fn terms(lease: &Lease) -> Terms {
    Terms {
        market: MarketId(1),
        epoch: 1,
        asset: AssetId(lease.asset),
        start: START.into(),
        end: lease.end.into(),
        lot_units: 600u64.into(),
        settle_secs: 5,
        settle_blocks: 20,
        notice_secs: 60,
        exposure_cap: 100u64.into(),
        close_bond: 1u64.into(),
    }
}

/// Writes a device's status into the registry's pages.
pub(crate) fn write_device(storage: &mut dyn Storage, device: u32, status: DeviceStatus) {
    let record =
        DeviceRecord { owner: 1, gateway: 1, status: status as u8, ..DeviceRecord::default() };
    put(storage, PageSet::new(DEVICES, &[]), device, &record.encode());
}

/// Names the owner of a device, by account number.
pub(crate) fn write_owner(storage: &mut dyn Storage, device: u32, name: &str, account: u32) {
    let record = DeviceRecord { owner: account, gateway: 1, ..DeviceRecord::default() };
    put(storage, PageSet::new(DEVICES, &[]), device, &record.encode());
    storage.set(&account_key(name.into_addr().as_str()), &account.to_be_bytes());
}

/// Writes a device's present key.
pub(crate) fn write_key(storage: &mut dyn Storage, device: u32, key: [u8; 32]) {
    put(storage, PageSet::new(KEYS, &[]), device, &PublicKey::ed25519(key).encode());
}

/// Gives escrow a signing domain.
pub(crate) fn write_domain(storage: &mut dyn Storage, domain: Domain) {
    storage.set(b"domain", &domain.0);
}

/// Writes a device's retired key.
pub(crate) fn write_old_key(storage: &mut dyn Storage, device: u32, time: u64, compromised: bool) {
    write_retired(storage, device, [7; 32], time, compromised);
}

/// Writes a device's retired key, a certain one.
pub(crate) fn write_retired(
    storage: &mut dyn Storage,
    device: u32,
    key: [u8; 32],
    time: u64,
    compromised: bool,
) {
    let mut record = PublicKey::ed25519(key).encode().to_vec();
    record.extend_from_slice(&time.to_be_bytes());
    record.extend_from_slice(&1u64.to_be_bytes());
    record.push(u8::from(compromised));
    storage.set(&old_keys_key(DeviceId(device)), &record);
}
