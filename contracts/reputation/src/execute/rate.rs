//! Rates closed leases.

use crate::{
    ContractError,
    error::MAX_BATCH,
    lease::{ClosedLease, Escrow},
    rules,
    standing::Addition,
    state::{
        config::{self, Config},
        flags::Flags,
        payers::Payers,
        ratings::{Rating, Ratings},
        standings::Standings,
    },
    verdict::{self, Ending, Verdict},
};
use caplet_api::{
    escrow::CloseReason,
    event::{LeaseRated, SuspensionChanged},
    registry::DeviceStatus,
    reputation::RateInput,
};
use caplet_base::peer::Registry;
use caplet_mechanism::reputation::weight;
use caplet_protocol::{DeviceId, LeaseId, content, layout::QosReport};
use cosmwasm_std::{Binary, Event, QuerierWrapper, Storage};

/// Rates each lease once. One that is rated already is passed over, so that two who submit the same
/// leases do not stand in each other's way; anything else that is wrong refuses the message.
pub(super) fn rate(
    storage: &mut dyn Storage,
    querier: QuerierWrapper<'_>,
    now: u64,
    items: &[RateInput],
) -> Result<Vec<Event>, ContractError> {
    if !(1..=MAX_BATCH).contains(&items.len()) {
        return Err(ContractError::Batch { count: items.len() });
    }
    let mut batch = Batch::open(config::load(storage)?, querier, now);
    for (index, item) in items.iter().enumerate() {
        batch.rate(storage, item).map_err(|e| e.at(index))?;
    }
    batch.flush(storage)
}

/// What a batch reads and changes, everything once.
struct Batch<'a> {
    config: Config,
    now: u64,
    escrow: Escrow<'a>,
    registry: Registry<'a>,
    ratings: Ratings,
    payers: Payers,
    standings: Standings,
    flags: Flags,
    events: Vec<Event>,
}

impl<'a> Batch<'a> {
    fn open(config: Config, querier: QuerierWrapper<'a>, now: u64) -> Self {
        Self {
            escrow: Escrow::new(querier, &config.escrow),
            registry: Registry::new(querier, &config.registry),
            ratings: Ratings::open(),
            payers: Payers::default(),
            standings: Standings::default(),
            flags: Flags::open(),
            events: Vec::new(),
            config,
            now,
        }
    }

    fn rate(&mut self, storage: &dyn Storage, item: &RateInput) -> Result<(), ContractError> {
        let id = LeaseId(item.lease.u64());
        if self.ratings.find(storage, id).is_some() {
            return Ok(());
        }
        let lease = self.escrow.closed(id, self.now)?;
        let report = self.report(&lease, item.report.as_ref())?;
        let provider_failed = self.provider_failed(&lease)?;
        let ending = Ending { reason: lease.reason, provider_failed, share: lease.share };
        let verdict = verdict::of(ending, report.as_ref());
        let weight = self.weight(storage, &lease, verdict)?;
        self.ratings.put(storage, id, Rating { rating: verdict.rating, weight })?;
        self.record(storage, &lease, verdict, weight)
    }

    /// The report that the consumer signed, if it is here. If it is not, others have a window's time to
    /// bring it: else whoever dislikes it would rate the lease first.
    fn report(
        &self,
        lease: &ClosedLease,
        raw: Option<&Binary>,
    ) -> Result<Option<QosReport>, ContractError> {
        let Some(raw) = raw else {
            let from = lease.ended.saturating_add(self.config.rules.window_secs.into());
            if lease.evidence.is_some() && self.now < from {
                return Err(ContractError::ReportMissing { lease: lease.id, from });
            }
            return Ok(None);
        };
        let other = ContractError::Evidence { lease: lease.id, signed: lease.evidence.is_some() };
        if lease.evidence.as_deref() != Some(content::digest(raw).as_slice()) {
            return Err(other);
        }
        let report = QosReport::decode(raw).ok_or(ContractError::Report { found: raw.len() })?;
        if report.lease == lease.id { Ok(Some(report)) } else { Err(other) }
    }

    /// Whether a lease that ended for the sake of a device did so for the provider's.
    fn provider_failed(&mut self, lease: &ClosedLease) -> Result<bool, ContractError> {
        Ok(match lease.reason {
            CloseReason::DeviceRetired => self
                .registry
                .device(lease.provider)?
                .is_some_and(|device| device.status == DeviceStatus::Retired as u8),
            CloseReason::KeyCompromised => match self.compromised(lease.provider)? {
                None => false,
                // between opening and start, or long ago: then it was the consumer's, if it has one
                Some(time) if time < lease.start => self.compromised(lease.consumer)?.is_none(),
                Some(_) => true,
            },
            _ => false,
        })
    }

    /// Unix seconds of the latest rotation by which a device gave up a compromised key.
    fn compromised(&self, device: DeviceId) -> Result<Option<u64>, ContractError> {
        let old = self.registry.old_keys(device)?;
        Ok(old.iter().find(|old| old.compromised).map(|old| old.rotated))
    }

    /// What the burned fee weighs, as far as the payer may still add in the window the lease ended in.
    fn weight(
        &mut self,
        storage: &dyn Storage,
        lease: &ClosedLease,
        verdict: Verdict,
    ) -> Result<u64, ContractError> {
        let rules = &self.config.rules;
        let standard = rules::standard_fee(rules, lease.asset)?;
        if !verdict.counts {
            return Ok(0);
        }
        let burned = u64::try_from(lease.burned).unwrap_or(u64::MAX);
        let window = rules::window(rules, lease.ended);
        let (pair, cap) = ((lease.provider, lease.payer), rules.payer_cap.u64());
        let used = self.payers.used(storage, pair, window)?;
        let weight = weight(burned, standard, used, cap);
        self.payers.add(storage, pair, window, weight)?;
        Ok(weight)
    }

    fn record(
        &mut self,
        storage: &dyn Storage,
        lease: &ClosedLease,
        verdict: Verdict,
        weight: u64,
    ) -> Result<(), ContractError> {
        let (rules, now) = (&self.config.rules, self.now);
        let standing = self.standings.of(storage, lease.provider, now)?;
        let Verdict { rating, fault, .. } = verdict;
        let addition = Addition { rating, weight, ended: lease.ended, fault };
        let suspended = standing.add(rules, now, addition);
        let until = standing.suspended_until();
        self.events.push(
            LeaseRated {
                lease: lease.id.0,
                device: lease.provider.0,
                rating: rating.0,
                weight,
                score: standing.score(rules, now).0,
                tier: standing.tier(),
            }
            .into(),
        );
        if suspended {
            let until = until.unwrap_or_default();
            let event = SuspensionChanged { device: lease.provider.0, suspended, until };
            self.events.push(event.into());
        }
        Ok(self.flags.show(storage, lease.provider, standing.tier(), until.is_some())?)
    }

    fn flush(self, storage: &mut dyn Storage) -> Result<Vec<Event>, ContractError> {
        self.ratings.flush(storage);
        self.payers.flush(storage)?;
        self.standings.flush(storage)?;
        self.flags.flush(storage);
        Ok(self.events)
    }
}
