//! Rates closed leases.

use crate::{
    ContractError,
    error::MAX_BATCH,
    lease::{ClosedLease, Escrow},
    rules,
    standing::Addition,
    state::{
        avoided::Avoided,
        config::{self, Config},
        consumers::Consumers,
        flags::Flags,
        payers::Payers,
        ratings::{Rating, Ratings},
        standings::Standings,
        voices::Voices,
    },
    verdict::{self, Ending, Verdict},
};
use caplet_api::{
    escrow::CloseReason,
    event::{LeaseRated, SuspensionChanged},
    registry::DeviceStatus,
    reputation::{RateInput, Rules, Speaker},
};
use caplet_base::peer::Registry;
use caplet_mechanism::reputation::{complaint, weight};
use caplet_protocol::{Bps, DeviceId, LeaseId, content, layout::QosReport};
use cosmwasm_std::{Binary, Event, QuerierWrapper, Storage};

/// Under this rating a lease failed its consumer.
const FAILED: Bps = Bps(5_000);

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
    voices: Voices,
    consumers: Consumers,
    avoided: Avoided,
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
            payers: Payers::open(config.former.clone()),
            voices: Voices::open(),
            consumers: Consumers::open(),
            avoided: Avoided::default(),
            standings: Standings::open(),
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
        let weighed = self.weigh(storage, &lease, verdict)?;
        let weight = weighed.burned.saturating_add(weighed.complaint);
        self.ratings.put(storage, id, Rating { rating: verdict.rating, weight })?;
        self.record(storage, &lease, verdict, weighed)?;
        self.avoid(&lease, verdict);
        self.rate_consumer(storage, &lease, ending)
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

    /// What the burned fee weighs, and what the payer's voice lends to a lease that burned too little, as far
    /// as the payer may still add in the window the lease ended in.
    fn weigh(
        &mut self,
        storage: &dyn Storage,
        lease: &ClosedLease,
        verdict: Verdict,
    ) -> Result<Weighed, ContractError> {
        let (rules, now) = (&self.config.rules, self.now);
        let Fees { burned, full } = Fees::of(rules, lease)?;
        let payer = Speaker::Payer(lease.payer);
        let mut weighed = Weighed::default();
        if verdict.counts {
            let window = rules::window(rules, lease.ended);
            let (pair, cap) = ((lease.provider, lease.payer), rules.payer_cap.u64());
            let left = cap.saturating_sub(self.payers.used(storage, pair, window));
            weighed.burned = burned.min(left);
            let wanted = complaint(full, burned, verdict.rating);
            let standing = self.standings.of(storage, lease.provider, now)?;
            let (hears, has_record) = (standing.hears(rules, now), standing.has_record(rules, now));
            let wanted = wanted.min(left.saturating_sub(weighed.burned)).min(hears);
            weighed.complaint = self.voices.lend(storage, rules, now, payer, wanted);
            let added = weighed.burned.saturating_add(weighed.complaint);
            self.payers.add(storage, pair, window, added);
            let heavy = rules.complaints.fault.u64();
            if !has_record && heavy > 0 && lease.share.0 == 0 && weighed.complaint >= heavy {
                weighed.fault = self.payers.fault(storage, pair, window);
            }
        }
        // after the complaint: what a lease burns does not speak about the same lease again
        self.earn(storage, payer, burned);
        Ok(weighed)
    }

    fn earn(&mut self, storage: &dyn Storage, speaker: Speaker, burned: u64) {
        let (rules, now) = (&self.config.rules, self.now);
        if rules.complaints.share.0 > 0 && burned > 0 {
            let voice = self.voices.of(storage, rules, now, speaker);
            *voice = voice.earned(burned, rules.complaints.share);
        }
    }

    /// A device that failed a consumer is not given to it again for a while.
    fn avoid(&mut self, lease: &ClosedLease, verdict: Verdict) {
        let until = lease.ended.saturating_add(self.config.rules.avoid_secs.into());
        if verdict.rating < FAILED && until > self.now {
            self.avoided.note(lease.provider, lease.consumer, until);
        }
    }

    /// What the lease says of who was served.
    fn rate_consumer(
        &mut self,
        storage: &dyn Storage,
        lease: &ClosedLease,
        ending: Ending,
    ) -> Result<(), ContractError> {
        let (rules, now) = (&self.config.rules, self.now);
        let Fees { burned, full } = Fees::of(rules, lease)?;
        let (rating, complains) = verdict::of_consumer(ending, lease.evidence.is_some());
        let cap = rules.payer_cap.u64();
        let provider = Speaker::Provider(lease.provider);
        let weight = burned.min(cap);
        let wanted = if complains { complaint(full, burned, rating) } else { 0 };
        let wanted = wanted.min(cap.saturating_sub(weight));
        let lent = self.voices.lend(storage, rules, now, provider, wanted);
        let consumer = self.consumers.of(storage, lease.consumer)?;
        consumer.add(rules, now, lease.ended, (rating, weight, lent));
        self.earn(storage, provider, burned);
        Ok(())
    }

    fn record(
        &mut self,
        storage: &dyn Storage,
        lease: &ClosedLease,
        verdict: Verdict,
        weighed: Weighed,
    ) -> Result<(), ContractError> {
        let (rules, now) = (&self.config.rules, self.now);
        let standing = self.standings.of(storage, lease.provider, now)?;
        let Verdict { rating, fault, .. } = verdict;
        let Weighed { burned: weight, complaint, fault: unserved } = weighed;
        let fault = fault || unserved;
        let addition = Addition { rating, weight, complaint, ended: lease.ended, fault };
        let suspended = standing.add(rules, now, addition);
        let until = standing.suspended_until();
        self.events.push(
            LeaseRated {
                lease: lease.id.0,
                device: lease.provider.0,
                rating: rating.0,
                weight: weight.saturating_add(complaint),
                complaint,
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
        self.voices.flush(storage, self.now)?;
        self.consumers.flush(storage)?;
        self.avoided.flush(storage, self.now);
        self.standings.flush(storage)?;
        self.flags.flush(storage);
        Ok(self.events)
    }
}

/// What a lease weighs, thousandths of a standard lease.
#[derive(Clone, Copy, Default)]
struct Weighed {
    /// By the fee it burned.
    burned: u64,
    /// By the payer's voice, at r = 0.
    complaint: u64,
    /// Whether the complaint is a fault.
    fault: bool,
}

/// A lease's fees as weights, thousandths of a standard lease, without any cap.
struct Fees {
    burned: u64,
    full: u64,
}

impl Fees {
    fn of(rules: &Rules, lease: &ClosedLease) -> Result<Self, ContractError> {
        let standard = rules::standard_fee(rules, lease.asset)?;
        let weight =
            |fee: u128| weight(u64::try_from(fee).unwrap_or(u64::MAX), standard, 0, u64::MAX);
        Ok(Self { burned: weight(lease.burned), full: weight(lease.full) })
    }
}
