//! The using side of a device: what it wants, and the leases it uses.

use crate::capability::{Call, Use, user_of};
use crate::identity::now_secs;
use crate::pay::Pay;
use crate::provider::kind_of;
use caplet_mechanism::quality::{Counts, Measured};
use caplet_protocol::layout::{self, QosReport, Voucher};
use caplet_protocol::{Bps, Kind, Lane, LeaseId, percentile, wire};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Something a device wants, and its terms.
#[derive(Clone, Debug)]
pub struct Want {
    /// Kind.
    pub kind: Kind,
    /// What of that kind.
    pub resource: String,
    /// Unit that is counted.
    pub unit: String,
    /// Units wanted.
    pub quantity: u64,
    /// Most it pays for all of them, base units of `asset`.
    pub limit: u64,
    /// What it pays in.
    pub asset: wire::cost::Asset,
    /// Hard requirements.
    pub qos: wire::Requirement,
    /// What reliability and nearness are worth to it.
    pub weights: wire::Weights,
    /// Tags it requires.
    pub tags: Vec<String>,
    /// Lane.
    pub lane: wire::LanePreference,
    /// How often it asks, one lease after another; `None` for as long as it lives.
    pub times: Option<u32>,
    /// Pause between two calls.
    pub pace: Duration,
    /// Most it pays whoever relays its order, base units.
    pub relay_fee: u64,
    /// Whether only an attested enclave will do.
    pub attested: bool,
}

/// Seconds a demand stays open.
const DEMAND_SECS: u64 = 15;
/// How long a call may take: over two gateways, on machines that may be slow.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Failures in a row after which a lease is given up.
const PATIENCE: u32 = 3;
/// How long nobody may be reached before a lease is given up, as its gateway would: longer than another member of a pool
/// takes to take over.
const LOST: Duration = Duration::from_secs(60);
/// Between two tries meanwhile.
const AGAIN: Duration = Duration::from_secs(1);
/// Seconds before a lease's end in which the last voucher is signed.
const LAST_SECS: u64 = 1;

/// Where a want stands.
enum Standing {
    Idle { since: Instant },
    Asked { until: u64 },
    Leased,
    Done,
}

struct Wish {
    want: Want,
    standing: Standing,
    asked: u32,
    id: u64,
}

/// What the device must do next.
pub(crate) enum Act {
    /// Publish this demand profile under this id.
    Demand(u64, wire::DemandProfile),
    /// Send this call.
    Call(wire::ServiceCall),
    /// Sign and send this voucher, with the report behind its evidence.
    Vouch(Box<Voucher>, Option<QosReport>),
    /// Give the lease up.
    GiveUp(LeaseId),
}

struct Pending {
    id: u64,
    /// Sequence of the envelope that it went out in; 0 before.
    sequence: u64,
    call: Call,
    sent: Instant,
}

/// A lease in use.
struct Using {
    notice: wire::LeaseNotice,
    wish: Option<u64>,
    user: Box<dyn Use>,
    pending: Option<Pending>,
    next: u64,
    idle_until: Instant,
    units: u64,
    good: u64,
    failed: u64,
    failed_units: u64,
    in_a_row: u32,
    /// Since when nobody is reached.
    lost: Option<Instant>,
    latencies: Vec<u32>,
    vouched: u64,
    pay: Pay,
    started: Instant,
    finished: bool,
}

impl Using {
    fn total(&self) -> u64 {
        self.notice.lot.saturating_mul(self.notice.lots.into())
    }

    /// `floor(units * price / lot)` on the cumulative (`PROTOCOL.md` 1), so rounding is under one
    /// base unit a lease; less what the market's schedule takes off for quality.
    fn owed(&self) -> u128 {
        let owed = self.pay.owed(self.notice.price, self.notice.lot, self.units);
        owed.min(self.notice.reserve.into())
    }

    /// Looks at what was measured so far.
    fn look(&mut self) {
        // an answer that is wrong is not good: nothing is checked apart
        let counts =
            Counts { units: self.units, good: self.good, failed: self.failed, ..Counts::default() };
        self.pay.look(counts, &self.latencies);
    }

    fn voucher(&self, report: Option<&QosReport>) -> Voucher {
        Voucher {
            lease: LeaseId(self.notice.lease),
            lane: Lane(u16::try_from(self.notice.lane).unwrap_or(0)),
            amount: self.owed(),
            units: self.units,
            evidence: report.map(QosReport::evidence).unwrap_or_default(),
            ..Voucher::default()
        }
    }

    fn report(&self) -> QosReport {
        let mut latencies = self.latencies.clone();
        let mut at = |percent: usize| percentile(&mut latencies, percent);
        // who answered nothing, or was asked nothing, has shown nothing
        let share = |part: u64, whole: u64| Bps::of(part, whole).unwrap_or_default();
        let secs = self.started.elapsed().as_secs().max(1);
        let availability = share(self.good, self.good.saturating_add(self.failed));
        // a wrong answer is not good: nothing is checked apart
        let measured = Measured { latency_ms: at(95), served: availability, accuracy: None };
        let score = self.pay.quality(&measured);
        QosReport {
            lease: LeaseId(self.notice.lease),
            units: self.units,
            failed: self.failed_units,
            latency_p50_ms: at(50),
            latency_p95_ms: measured.latency_ms,
            throughput: u32::try_from(self.units.checked_div(secs).unwrap_or(0))
                .unwrap_or(u32::MAX),
            accuracy_ppm: u32::from(availability.0).saturating_mul(100),
            availability,
            // a lease that was given up is judged by what was delivered of it
            score: if self.gives_up() { score.min(share(self.units, self.total())) } else { score },
        }
    }
}

/// All that a device wants and uses.
pub(crate) struct Consumer {
    wishes: Vec<Wish>,
    using: BTreeMap<u64, Using>,
    ids: u64,
    /// Whether its gateway uses its leases for it.
    granted: bool,
}

impl Consumer {
    pub(crate) fn new(wants: Vec<Want>, granted: bool) -> Self {
        let since = Instant::now();
        let wishes = wants
            .into_iter()
            .map(|want| Wish { want, standing: Standing::Idle { since }, asked: 0, id: 0 })
            .collect();
        // ids of demands must not repeat after a restart
        Self { wishes, using: BTreeMap::new(), ids: now_secs().saturating_mul(1000), granted }
    }

    /// Whether the device would sign this demand for its want `id`; `lot` is the market's.
    pub(crate) fn judge(&self, id: u64, demand: &layout::Demand, lot: u64) -> Result<(), String> {
        let wish = self
            .wishes
            .iter()
            .find(|wish| wish.id == id)
            .ok_or_else(|| format!("I made no demand {id}"))?;
        let want = &wish.want;
        let most = u128::from(want.limit).saturating_mul(lot.into());
        if u128::from(demand.limit).saturating_mul(want.quantity.into()) > most {
            return Err(format!(
                "a limit of {} a lot is over my {} for {} units",
                demand.limit, want.limit, want.quantity
            ));
        }
        let lots = want.quantity.div_ceil(lot.max(1));
        if u64::from(demand.lots.0) > lots {
            return Err(format!("{} lots proposed, I want {lots}", demand.lots));
        }
        if demand.relay_fee > want.relay_fee {
            return Err(format!(
                "a relay fee of {} is over my {}",
                demand.relay_fee, want.relay_fee
            ));
        }
        Ok(())
    }

    /// Takes up a lease in which this device is the consumer.
    pub(crate) fn opened(&mut self, notice: wire::LeaseNotice) {
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind_of(*kind) == notice.kind()) else {
            return;
        };
        if let Some(using) = self.using.get_mut(&notice.lease) {
            if using.notice.provider != notice.provider {
                using.moved(notice, self.granted);
            }
            return;
        }
        let now = Instant::now();
        let wish = self.wishes.iter_mut().find(|wish| {
            matches!(wish.standing, Standing::Asked { .. })
                && if notice.demand == 0 {
                    wish.want.kind == kind && wish.want.resource == notice.resource
                } else {
                    wish.id == notice.demand
                }
        });
        let mut pace = Duration::ZERO;
        let id = wish.map(|wish| {
            wish.standing = Standing::Leased;
            pace = wish.want.pace;
            wish.id
        });
        let using = Using {
            wish: id,
            user: user_of(kind),
            pending: None,
            next: 0,
            idle_until: later(pace),
            units: 0,
            good: 0,
            failed: 0,
            failed_units: 0,
            in_a_row: 0,
            lost: None,
            latencies: Vec::new(),
            vouched: 0,
            pay: Pay::new(notice.quality.as_ref()),
            started: now,
            // nothing is left to do for who only signs
            finished: self.granted,
            notice,
        };
        self.using.insert(using.notice.lease, using);
    }

    /// Lets a lease go, since the chain says it is closing or closed.
    pub(crate) fn ended(&mut self, lease: LeaseId) {
        let Some(using) = self.using.remove(&lease.0) else { return };
        let Some(wish) = self.wishes.iter_mut().find(|wish| Some(wish.id) == using.wish) else {
            return;
        };
        let more = wish.want.times.is_none_or(|times| wish.asked < times);
        wish.standing =
            if more { Standing::Idle { since: Instant::now() } } else { Standing::Done };
    }

    /// Looks at an answer. Returns the units accepted now and in all, or what is wrong with it.
    pub(crate) fn answered(
        &mut self,
        result: &wire::ServiceResult,
    ) -> Option<Result<(u64, u64), String>> {
        let using = self.using.get_mut(&result.lease)?;
        let pending = using.pending.take_if(|pending| pending.id == result.id)?;
        using.lost = None;
        let outcome = if result.ok {
            using.user.check(pending.id, &pending.call, &result.body)
        } else {
            Err(result.error.clone())
        };
        let took = u32::try_from(pending.sent.elapsed().as_millis()).unwrap_or(u32::MAX);
        Some(match outcome {
            Ok(units) => {
                // never more than the lease is for
                let units = units.min(using.total().saturating_sub(using.units));
                using.units = using.units.saturating_add(units);
                using.good = using.good.saturating_add(1);
                using.in_a_row = 0;
                using.latencies.push(took);
                using.look();
                Ok((units, using.units))
            }
            Err(error) => {
                using.fail();
                Err(error)
            }
        })
    }

    /// The gateway of the provider waits for money: vouch at once for what was counted.
    pub(crate) fn paused(&mut self, lease: LeaseId) -> Option<Voucher> {
        let using = self.using.get_mut(&lease.0)?;
        using.vouched = using.units;
        (using.pending, using.lost) = (None, None);
        using.idle_until = later(Duration::from_millis(200));
        Some(using.voucher(None))
    }

    /// The call of a lease went out in the envelope of this sequence.
    pub(crate) fn sent(&mut self, lease: u64, sequence: u64) {
        let pending = self.using.get_mut(&lease).and_then(|using| using.pending.as_mut());
        if let Some(pending) = pending {
            pending.sequence = sequence;
        }
    }

    /// The gateway could hand the call of this sequence to nobody.
    pub(crate) fn unreached(&mut self, sequence: u64) {
        let is_it = |using: &&mut Using| {
            using.pending.as_ref().is_some_and(|pending| pending.sequence == sequence)
        };
        if let Some(using) = self.using.values_mut().find(is_it) {
            using.unreached();
        }
    }

    /// What is to be done now.
    pub(crate) fn due(&mut self, device: u32, asking: bool) -> Vec<Act> {
        let mut acts = Vec::new();
        for wish in self.wishes.iter_mut().filter(|_| asking) {
            wish.due(device, &mut self.ids, &mut acts);
        }
        for using in self.using.values_mut() {
            using.due(&mut acts);
        }
        acts
    }
}

/// This much from now.
fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

impl Wish {
    fn due(&mut self, device: u32, ids: &mut u64, acts: &mut Vec<Act>) {
        let now = now_secs();
        match self.standing {
            Standing::Idle { since } if since.elapsed() >= Duration::from_millis(300) => {}
            Standing::Asked { until } if now > until => {}
            _ => return,
        }
        *ids = ids.saturating_add(1);
        self.id = *ids;
        self.asked = self.asked.saturating_add(1);
        let until = now.saturating_add(DEMAND_SECS);
        self.standing = Standing::Asked { until };
        let want = &self.want;
        acts.push(Act::Demand(
            self.id,
            wire::DemandProfile {
                device,
                sequence: self.id,
                not_after: until,
                kind: kind_of(want.kind).into(),
                resource: want.resource.clone(),
                quantity: want.quantity,
                unit: want.unit.clone(),
                qos: Some(want.qos),
                limit: Some(wire::Cost {
                    amount: want.limit,
                    per: wire::PricedPer::Operation.into(),
                    quantity: want.quantity,
                    asset: Some(want.asset.clone()),
                }),
                weights: Some(want.weights),
                tags: want.tags.clone(),
                lane: want.lane.into(),
                deadline: 0,
                attested: want.attested,
                id: self.id,
            },
        ));
    }
}

impl Using {
    fn gives_up(&self) -> bool {
        self.in_a_row >= PATIENCE || self.lost.is_some_and(|since| since.elapsed() >= LOST)
    }

    /// Nobody was reached, which is no failure of who serves: asked again soon.
    fn unreached(&mut self) {
        self.pending = None;
        self.lost.get_or_insert_with(Instant::now);
        self.idle_until = later(AGAIN);
    }

    /// Another device serves the lease now, which knows nothing of it: what is counted is vouched for at once, and what
    /// the other was asked or told last is said anew.
    fn moved(&mut self, notice: wire::LeaseNotice, granted: bool) {
        self.finished = granted || (self.finished && self.gives_up());
        self.notice = notice;
        (self.pending, self.lost, self.in_a_row, self.vouched) = (None, None, 0, 0);
        self.idle_until = Instant::now();
    }

    fn fail(&mut self) {
        self.failed = self.failed.saturating_add(1);
        self.failed_units = self.failed_units.saturating_add(1);
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    fn due(&mut self, acts: &mut Vec<Act>) {
        if self.finished {
            return;
        }
        if self.pending.as_ref().is_some_and(|pending| pending.sent.elapsed() > CALL_TIMEOUT) {
            self.pending = None;
            self.fail();
        }
        let gave_up = self.gives_up();
        let over = now_secs().saturating_add(LAST_SECS) >= self.notice.ends;
        if gave_up || over || self.units >= self.total() {
            self.finished = true;
            let report = self.report();
            acts.push(Act::Vouch(Box::new(self.voucher(Some(&report))), Some(report)));
            if gave_up {
                acts.push(Act::GiveUp(LeaseId(self.notice.lease)));
            }
            return;
        }
        // a voucher for every eighth of the lease, so that no gateway waits for long
        let step = self.total().checked_div(8).unwrap_or(0).max(1);
        if self.units.saturating_sub(self.vouched) >= step {
            self.vouched = self.units;
            acts.push(Act::Vouch(Box::new(self.voucher(None)), None));
        }
        let begun = now_secs() >= self.notice.starts;
        if begun && self.pending.is_none() && Instant::now() >= self.idle_until {
            let call = self.user.call(self.next);
            let (id, (rate_bps, rate_from)) = (self.next, self.pay.said());
            self.next = self.next.saturating_add(1);
            acts.push(Act::Call(wire::ServiceCall {
                lease: self.notice.lease,
                id,
                op: call.op.to_owned(),
                body: call.body.clone(),
                max_units: self.total().saturating_sub(self.units),
                // sealed where it is sent
                seal: Vec::new(),
                rate_bps,
                rate_from,
            }));
            self.pending = Some(Pending { id, sequence: 0, call, sent: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: u64 = 7;

    /// The report of a lease of twenty units, of which some came, as late as this, before some calls failed in a row.
    fn report(
        quality: Option<wire::QualitySchedule>,
        ms: u32,
        units: u64,
        failed: u32,
    ) -> QosReport {
        let mut consumer = Consumer::new(Vec::new(), false);
        consumer.opened(wire::LeaseNotice {
            lease: LEASE,
            kind: wire::CapabilityKind::Sensor.into(),
            lot: 20,
            lots: 1,
            quality,
            ..Default::default()
        });
        let using = consumer.using.get_mut(&LEASE).unwrap();
        (using.units, using.good) = (units, units);
        using.latencies = std::iter::repeat_n(ms, usize::try_from(units).unwrap()).collect();
        (0..failed).for_each(|_| using.fail());
        using.report()
    }

    /// A schedule by which latency is good up to 100 ms and worth nothing from 200 ms on.
    fn terms() -> Option<wire::QualitySchedule> {
        Some(wire::QualitySchedule {
            floor_bps: 5_000,
            full_bps: 9_500,
            step_bps: 2_500,
            segment: 2,
            good_ms: 100,
            bad_ms: 200,
        })
    }

    #[test]
    fn a_slow_lease_keeps_no_full_score_though_all_of_it_was_served() {
        for (ms, score) in [(100, 10_000), (150, 5_000), (200, 0)] {
            let slow = report(terms(), ms, 20, 0);
            assert_eq!((slow.latency_p95_ms, slow.score), (ms, Bps(score)));
            assert_eq!(slow.availability, Bps::ALL);
        }
        assert_eq!(report(None, 900, 20, 0).score, Bps::ALL, "nothing is known to be slow");
    }

    #[test]
    fn who_is_not_reached_has_not_failed_and_whoever_takes_over_is_told_what_was_counted() {
        let mut consumer = Consumer::new(Vec::new(), false);
        let notice = |provider| wire::LeaseNotice {
            lease: LEASE,
            provider,
            kind: wire::CapabilityKind::Sensor.into(),
            price: 40,
            reserve: 40,
            lot: 20,
            lots: 1,
            ends: u64::MAX,
            ..Default::default()
        };
        consumer.opened(notice(1));
        for sequence in 1..=10 {
            consumer.using.get_mut(&LEASE).unwrap().idle_until = Instant::now();
            assert!(matches!(consumer.due(9, false)[..], [Act::Call(_)]), "it asks again");
            consumer.sent(LEASE, sequence);
            consumer.unreached(sequence.wrapping_add(1));
            assert!(consumer.using[&LEASE].pending.is_some(), "that was another call");
            consumer.unreached(sequence);
        }
        let using = consumer.using.get_mut(&LEASE).unwrap();
        assert_eq!((using.failed, using.in_a_row), (0, 0));
        (using.units, using.vouched) = (5, 5);
        consumer.opened(notice(1));
        assert!(consumer.due(9, false).is_empty(), "nothing is new, and it waits");
        consumer.opened(notice(2));
        let acts = consumer.due(9, false);
        let [Act::Vouch(voucher, None), Act::Call(_)] = &acts[..] else { panic!("{}", acts.len()) };
        assert_eq!((voucher.units, voucher.amount), (5, 10));
        // the last voucher of a lease that is used up went to who is gone
        consumer.using.get_mut(&LEASE).unwrap().units = 20;
        for provider in [2, 3] {
            consumer.opened(notice(provider));
            let acts = consumer.due(9, false);
            let [Act::Vouch(last, Some(_))] = &acts[..] else { panic!("{}", acts.len()) };
            assert_eq!((last.units, last.amount), (20, 40));
        }
        assert!(consumer.due(9, false).is_empty());
    }

    #[test]
    fn what_failed_lowers_the_score_and_what_was_given_up_is_judged_by_what_was_delivered() {
        // eighteen of twenty came, and it was not given up
        assert_eq!(report(terms(), 100, 18, 2).score, Bps(9_000));
        // twelve of fifteen, and eight units did not come any more
        let given_up = report(terms(), 100, 12, PATIENCE);
        assert_eq!((given_up.availability, given_up.score), (Bps(8_000), Bps(6_000)));
        assert_eq!(report(terms(), 180, 12, PATIENCE).score, Bps(2_000), "slow besides");
        assert_eq!(report(terms(), 100, 0, PATIENCE).score, Bps(0));
    }
}
