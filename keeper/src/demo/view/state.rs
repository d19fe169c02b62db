//! What the live view knows.

use super::sensor::Sensor;
use crate::demo::lines::{line, reason};
use crate::scenario::{Happening, Reading};
use caplet_protocol::wire;
use caplet_simulator::{Saying, Told};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Lines of the log that are kept.
const LOG: usize = 200;
/// Prices of a market that are kept.
const TREND: usize = 40;

/// A market as it is shown.
#[derive(Default)]
pub(super) struct Market {
    pub(super) trend: VecDeque<u64>,
    pub(super) utilisation: u64,
    pub(super) batches: u32,
    pub(super) fills: u32,
}

/// A lease as it is shown.
pub(super) struct Lease {
    pub(super) kind: String,
    pub(super) consumer: String,
    pub(super) provider: u32,
    pub(super) price: u64,
    pub(super) units: u64,
    pub(super) total: u64,
    pub(super) vouched: u128,
    pub(super) reserve: u64,
    pub(super) state: String,
}

/// Everything.
pub(super) struct State {
    pub(super) started: Instant,
    pub(super) trade: Duration,
    pub(super) step: String,
    pub(super) devices: BTreeMap<u32, String>,
    pub(super) markets: BTreeMap<u32, Market>,
    pub(super) leases: BTreeMap<u64, Lease>,
    /// The leased sensor whose chart is drawn, once one is read.
    pub(super) sensor: Option<Sensor>,
    pub(super) opened: u64,
    pub(super) closed: u64,
    pub(super) redeemed: u128,
    pub(super) log: VecDeque<String>,
}

impl State {
    pub(super) fn new(trade: Duration) -> Self {
        Self {
            started: Instant::now(),
            trade,
            step: String::new(),
            devices: BTreeMap::new(),
            markets: BTreeMap::new(),
            leases: BTreeMap::new(),
            sensor: None,
            opened: 0,
            closed: 0,
            redeemed: 0,
            log: VecDeque::new(),
        }
    }

    pub(super) fn take(&mut self, happening: &Happening) {
        if let Some(line) = line(happening) {
            if self.log.len() == LOG {
                self.log.pop_front();
            }
            self.log.push_back(line);
        }
        match happening {
            Happening::Step(words) => self.step.clone_from(words),
            Happening::Device(told) => self.device(told),
            Happening::Reading(reading) => self.read(reading),
            Happening::Cleared(e) => {
                let market = self.markets.entry(e.market).or_default();
                market.batches = market.batches.saturating_add(1);
                market.fills = market.fills.saturating_add(e.fills);
            }
            Happening::Price(e) => {
                let market = self.markets.entry(e.market).or_default();
                if market.trend.is_empty() {
                    market.trend.push_back(e.from.into());
                }
                if market.trend.len() == TREND {
                    market.trend.pop_front();
                }
                market.trend.push_back(e.to.into());
                market.utilisation = e.utilisation;
            }
            Happening::Opened(e) => {
                self.opened =
                    self.opened.saturating_add(u64::try_from(e.leases.len()).unwrap_or(u64::MAX));
            }
            Happening::Settled(e) => {
                self.redeemed = e
                    .paid
                    .iter()
                    .fold(self.redeemed, |sum, paid| sum.saturating_add((*paid).into()));
            }
            Happening::Served(e) => {
                if let Some(lease) = self.leases.get_mut(&e.lease) {
                    lease.provider = e.member;
                }
            }
            Happening::Closed(e) => {
                self.closed = self.closed.saturating_add(1);
                if let Some(lease) = self.leases.get_mut(&e.lease) {
                    lease.state = reason(e.reason);
                }
                self.forget();
            }
            _ => {}
        }
    }

    /// Adds a reading to the chart. Of two sensors that are read at a time the first is drawn until its lease is over.
    fn read(&mut self, reading: &Reading) {
        let in_use = |lease: u64| self.leases.get(&lease).is_some_and(|one| one.state == "in use");
        match &mut self.sensor {
            Some(drawn) if drawn.is_same(reading) => drawn.take(reading),
            Some(drawn) if in_use(drawn.lease) => {}
            drawn => *drawn = Some(Sensor::of(reading)),
        }
    }

    fn device(&mut self, told: &Told) {
        match &told.saying {
            Saying::Enrolled(id) => {
                self.devices.insert(id.0, told.name.clone());
            }
            Saying::LeaseOpened(notice) if notice.role() == wire::Role::Consumer => {
                let lease = Lease {
                    kind: notice.resource.clone(),
                    consumer: told.name.clone(),
                    provider: notice.provider,
                    price: notice.price,
                    units: 0,
                    total: notice.lot.saturating_mul(notice.lots.into()),
                    vouched: 0,
                    reserve: notice.reserve,
                    state: "in use".to_owned(),
                };
                self.leases.insert(notice.lease, lease);
            }
            Saying::Used(lease, _, total) => {
                if let Some(lease) = self.leases.get_mut(&lease.0) {
                    lease.units = *total;
                }
            }
            Saying::Vouched(lease, amount) => {
                if let Some(lease) = self.leases.get_mut(&lease.0) {
                    lease.vouched = *amount;
                }
            }
            Saying::GaveUp(lease) => {
                if let Some(lease) = self.leases.get_mut(&lease.0) {
                    lease.state = "given up".to_owned();
                }
            }
            _ => {}
        }
    }

    /// Keeps the table short: ended leases leave from the top.
    fn forget(&mut self) {
        while self.leases.len() > 24 {
            let ended =
                self.leases.iter().find(|(_, lease)| lease.state != "in use").map(|(id, _)| *id);
            match ended {
                Some(id) => self.leases.remove(&id),
                None => return,
            };
        }
    }
}
