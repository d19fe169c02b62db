//! Random lives of a pool, and a plain model beside it: who counts, who serves which lease, and what a distributor
//! that shares every redemption at once and in fractions would have given to whom. After every step both must agree.

use crate::suite::{BOB, CAROL, DAVE, EPOCH, ERIN, FRANK, HOLD, Outcome, Suite, net, owner};
use caplet_api::escrow::LeaseState;
use caplet_api::event::{LeaseServed, RevenueCredited};
use caplet_api::pool::{ExecuteMsg as M, LeasesResponse, MembersResponse, QueryMsg};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::DeviceId;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: [DeviceId; 5] = [BOB, CAROL, DAVE, ERIN, FRANK];

/// What may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Join(DeviceId, u16, u64),
    Admit(DeviceId),
    Leave(DeviceId),
    Depart(DeviceId),
    /// Lots, and whether they are assigned at once.
    Sell(u16, bool),
    Of(usize, Act),
    Claim(DeviceId),
    Donate(u64),
    Collect,
    Suspend(DeviceId, bool),
    Freeze(DeviceId, bool),
    Wait(u64),
}

/// What may happen to a lease.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Grow(u16),
    Assign,
    Pay(u64),
    Account,
    Close,
    Challenge(DeviceId),
    Answer(DeviceId),
    HandOver(DeviceId),
    TakeOver,
}

fn person() -> impl Strategy<Value = DeviceId> {
    select(PEOPLE.to_vec())
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (1u16..4).prop_map(Act::Grow),
        3 => Just(Act::Assign),
        6 => (1u64..120).prop_map(Act::Pay),
        3 => Just(Act::Account),
        1 => Just(Act::Close),
        2 => person().prop_map(Act::Challenge),
        1 => person().prop_map(Act::Answer),
        1 => person().prop_map(Act::HandOver),
        2 => Just(Act::TakeOver),
    ]
}

/// Anything.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (person(), 1u16..6, 0u64..50).prop_map(|(who, lots, cost)| Step::Join(who, lots, cost)),
        3 => person().prop_map(Step::Admit),
        1 => person().prop_map(Step::Leave),
        1 => person().prop_map(Step::Depart),
        16 => leasing(),
        2 => person().prop_map(Step::Claim),
        1 => (1u64..500).prop_map(Step::Donate),
        1 => Just(Step::Collect),
        1 => (person(), any::<bool>()).prop_map(|(who, bad)| Step::Freeze(who, bad)),
        2 => select(vec![EPOCH, EPOCH, HOLD]).prop_map(Step::Wait),
    ]
}

/// What leases live through.
pub(crate) fn leasing() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1u16..5, prop::bool::weighted(0.8)).prop_map(|(lots, soon)| Step::Sell(lots, soon)),
        20 => (0usize..12, act()).prop_map(|(at, act)| Step::Of(at, act)),
        1 => (person(), any::<bool>()).prop_map(|(who, bad)| Step::Suspend(who, bad)),
        1 => Just(Step::Wait(31)),
    ]
}

/// A member as it should be.
#[derive(Clone, Copy, Debug)]
struct Member {
    lots: u16,
    cost: u64,
    joins: u64,
    leaves: Option<u64>,
    counts: bool,
}

/// A lease as it should be.
#[derive(Clone, Copy, Debug)]
struct Sold {
    opened: u64,
    server: Option<DeviceId>,
    /// Lots that its server took on.
    lots: u16,
    /// After fees, what was shared.
    seen: u64,
    done: bool,
}

/// A pool, and the model.
pub(crate) struct Life {
    suite: Suite,
    members: BTreeMap<DeviceId, Member>,
    leases: BTreeMap<u64, Sold>,
    suspended: BTreeSet<DeviceId>,
    frozen: BTreeSet<DeviceId>,
    /// What each should have had until now.
    due: BTreeMap<DeviceId, f64>,
    /// What came while nobody counted.
    waiting: f64,
    departed: u32,
    wallets: BTreeMap<DeviceId, u128>,
}

impl Life {
    /// With members that count.
    pub(crate) fn new(members: &[(DeviceId, u16)]) -> Self {
        let suite = Suite::with(members);
        let joins = suite.now() / EPOCH;
        let member = |lots| Member { lots, cost: 10, joins, leaves: None, counts: true };
        Self {
            members: members.iter().map(|(device, lots)| (*device, member(*lots))).collect(),
            wallets: PEOPLE.into_iter().map(|one| (one, suite.wallet(owner(one)))).collect(),
            suite,
            leases: BTreeMap::new(),
            suspended: BTreeSet::new(),
            frozen: BTreeSet::new(),
            due: BTreeMap::new(),
            waiting: 0.0,
            departed: 0,
        }
    }

    /// Does a step, and compares.
    pub(crate) fn live(&mut self, step: Step) {
        match step {
            Step::Join(device, lots, cost) => self.join(device, lots, cost),
            Step::Admit(device) => self.admit(device),
            Step::Leave(device) => self.leave(device),
            Step::Depart(device) => self.depart(device),
            Step::Sell(lots, soon) => self.sell(lots, soon),
            Step::Of(at, act) => {
                let at = at.checked_rem(self.leases.len());
                let lease = at.and_then(|at| self.leases.keys().nth(at).copied());
                lease.into_iter().for_each(|lease| self.act(lease, act));
            }
            Step::Claim(device) => {
                let _ = self.suite.send("keeper", &M::Claim { device });
            }
            Step::Donate(amount) => self.suite.donate(amount.into()),
            Step::Collect => self.collect(),
            Step::Suspend(device, bad) => {
                self.suite.stand(device, 0, bad);
                note(&mut self.suspended, device, bad);
            }
            Step::Freeze(device, bad) => {
                let status = if bad { DeviceStatus::Frozen } else { DeviceStatus::Active };
                self.suite.set_status(device, status);
                note(&mut self.frozen, device, bad);
            }
            Step::Wait(seconds) => self.suite.wait(seconds),
        }
        self.agrees();
    }

    fn act(&mut self, lease: u64, act: Act) {
        let number = lease.into();
        match act {
            Act::Grow(lots) => {
                let _ = self.suite.grow(lease, lots);
            }
            Act::Assign => self.assign(lease),
            Act::Pay(more) => self.pay(lease, more),
            Act::Account => self.account(lease),
            Act::Close => {
                if self.suite.lease(lease).state == LeaseState::Open {
                    self.suite.close(lease);
                }
            }
            Act::Challenge(by) => {
                let _ = self.suite.send(owner(by), &M::Challenge { lease: number });
            }
            Act::Answer(by) => {
                let _ = self.suite.send(owner(by), &M::Answer { lease: number });
            }
            Act::HandOver(by) => {
                let before = self.leases[&lease].server;
                let next = self.successor(lease);
                let outcome = self.suite.send(owner(by), &M::HandOver { lease: number });
                if outcome.is_ok() {
                    assert_eq!(before.map(owner), Some(owner(by)), "only its server hands it on");
                }
                self.passed(lease, next, outcome);
            }
            Act::TakeOver => {
                let next = self.successor(lease);
                let outcome = self.suite.send("keeper", &M::TakeOver { lease: number });
                self.passed(lease, next, outcome);
            }
        }
    }

    // who is in

    fn epoch(&self) -> u64 {
        self.suite.now() / EPOCH
    }

    fn serves(&self, device: DeviceId) -> bool {
        !self.suspended.contains(&device) && !self.frozen.contains(&device)
    }

    fn join(&mut self, device: DeviceId, lots: u16, cost: u64) {
        let may = !self.members.contains_key(&device) && self.serves(device);
        assert_eq!(self.suite.join(device, lots, cost).is_ok(), may, "{device} joins");
        if may {
            let joins = self.epoch() + 1;
            self.members.insert(device, Member { lots, cost, joins, leaves: None, counts: false });
        }
    }

    fn admit(&mut self, device: DeviceId) {
        let (now, serves) = (self.epoch(), self.serves(device));
        let done = self.suite.admit(device).is_ok();
        let Some(member) = self.members.get_mut(&device) else {
            return assert!(!done, "{device} is no member");
        };
        if member.counts && serves {
            return; // at most the ledger was told
        }
        if member.counts {
            assert!(done, "{device} counts and cannot serve");
            (member.counts, member.joins) = (false, now + 1);
        } else {
            member.counts = member.leaves.is_none() && member.joins <= now && serves;
            assert_eq!(done, member.counts, "{device} is admitted in epoch {now}: {member:?}");
        }
        if done {
            self.sweep();
        }
    }

    fn leave(&mut self, device: DeviceId) {
        let epoch = self.epoch() + 1;
        let done = self.suite.send(owner(device), &M::Leave { device }).is_ok();
        let member = self.members.get_mut(&device).filter(|member| member.leaves.is_none());
        assert_eq!(done, member.is_some(), "{device} leaves");
        let Some(member) = member else { return };
        let counted = std::mem::take(&mut member.counts);
        member.leaves = Some(epoch);
        if counted {
            self.sweep();
        }
    }

    fn depart(&mut self, device: DeviceId) {
        let (now, busy) = (self.epoch(), self.busy(device));
        let leaves = self.members.get(&device).and_then(|member| member.leaves);
        let may = busy == 0 && leaves.is_some_and(|leaves| leaves <= now);
        let done = self.suite.send("keeper", &M::Depart { device }).is_ok();
        assert_eq!(done, may, "{device} departs in epoch {now}, {busy} lots busy");
        if may {
            self.members.remove(&device);
            self.departed += 1;
        }
    }

    // who serves

    fn busy(&self, device: DeviceId) -> u16 {
        let of = |sold: &&Sold| sold.server == Some(device) && !sold.done;
        self.leases.values().filter(of).map(|sold| sold.lots).sum()
    }

    fn room(&self, device: DeviceId) -> u16 {
        let member = self.members.get(&device).filter(|member| member.counts);
        member.map_or(0, |member| member.lots - self.busy(device))
    }

    /// The cheapest that serves and has room; all are as reliable.
    fn next(&self, lots: u16, not: Option<DeviceId>) -> Option<DeviceId> {
        let fits = |device: DeviceId| self.serves(device) && self.room(device) >= lots;
        let all = self.members.iter().filter(|(device, _)| Some(**device) != not && fits(**device));
        all.min_by_key(|(device, member)| (member.cost, **device)).map(|(device, _)| *device)
    }

    fn successor(&self, lease: u64) -> Option<DeviceId> {
        let sold = self.leases[&lease];
        self.next(sold.lots, sold.server)
    }

    fn sell(&mut self, lots: u16, soon: bool) {
        let opened = self.suite.now();
        let lease = self.suite.sell(lots);
        let sold = Sold { opened, server: None, lots: 0, seen: 0, done: false };
        assert!(self.leases.insert(lease, sold).is_none(), "lease {lease} was sold before");
        if soon {
            self.assign(lease);
        }
    }

    /// Any lease at any time: to the next in order, to who has it if it grew, to nobody once it was accounted.
    fn assign(&mut self, lease: u64) {
        let (now, known) = (self.suite.lease(lease), self.leases[&lease]);
        let to = match known.server {
            _ if known.done => None,
            None => self.next(now.lots.0, None),
            Some(server) => {
                let more = now.lots.0 - known.lots;
                Some(server).filter(|_| more > 0 && self.room(server) >= more)
            }
        };
        assert_eq!(self.suite.assign(lease).ok(), to, "lease {lease} of {}: {known:?}", now.lots.0);
        if to.is_none() {
            return;
        }
        let old = known.server.is_none() && known.opened + HOLD <= self.suite.now();
        let seen = if old { net(now.lanes[0].redeemed.u64()) } else { known.seen };
        self.leases.insert(lease, Sold { server: to, lots: now.lots.0, seen, ..known });
        self.earn(lease);
    }

    fn passed(&mut self, lease: u64, next: Option<DeviceId>, outcome: Outcome) {
        let Ok(events) = outcome else { return };
        let served = events.iter().find_map(|event| LeaseServed::try_from(event).ok()).unwrap();
        let sold = self.leases.get_mut(&lease).unwrap();
        assert!(!sold.done, "lease {lease} was accounted to its end");
        assert_eq!(sold.server, Some(DeviceId(served.before)), "lease {lease}: who served");
        assert_eq!(next, Some(DeviceId(served.member)), "lease {lease}: who serves");
        sold.server = next;
    }

    // who is paid

    fn pay(&mut self, lease: u64, more: u64) {
        let now = self.suite.lease(lease);
        let (redeemed, cap) = (now.lanes[0].redeemed.u64(), now.lanes[0].cap.u64());
        let amount = (redeemed + more).min(cap);
        if now.state != LeaseState::Closed && amount > redeemed {
            self.suite.pay(lease, amount);
            self.earn(lease);
        }
    }

    /// Shares what a lease redeemed since the last time.
    fn earn(&mut self, lease: u64) {
        let after = net(self.suite.lease(lease).lanes[0].redeemed.u64());
        let sold = self.leases.get_mut(&lease).unwrap();
        let Some(server) = sold.server.filter(|_| after > sold.seen) else { return };
        let before = std::mem::replace(&mut sold.seen, after);
        let ready = after * 2_000 / 10_000 - before * 2_000 / 10_000;
        *self.due.entry(server).or_default() += (after - before - ready) as f64;
        self.share(ready);
    }

    fn share(&mut self, ready: u64) {
        let counting = || self.members.iter().filter(|(_, member)| member.counts);
        let all: f64 = counting().map(|(_, member)| f64::from(member.lots)).sum();
        let amount = ready as f64 + self.waiting;
        if all == 0.0 {
            self.waiting = amount;
            return;
        }
        for (device, member) in counting() {
            *self.due.entry(*device).or_default() += amount * f64::from(member.lots) / all;
        }
        self.waiting = 0.0;
    }

    fn collect(&mut self) {
        let Ok(events) = self.suite.send("keeper", &M::Collect {}) else { return };
        let shared = events.iter().find_map(|event| RevenueCredited::try_from(event).ok());
        shared.into_iter().for_each(|shared| self.share(shared.ready));
    }

    fn account(&mut self, lease: u64) {
        let known = self.leases[&lease];
        let may = known.server.is_some() && !known.done;
        assert_eq!(self.suite.count(lease).is_ok(), may, "lease {lease}: {known:?}");
        if may && self.suite.lease(lease).state == LeaseState::Closed {
            self.leases.insert(lease, Sold { done: true, ..known });
        }
    }

    /// Where shares changed, all leases were accounted.
    fn sweep(&mut self) {
        for (lease, sold) in &mut self.leases {
            let closed = self.suite.lease(*lease).state == LeaseState::Closed;
            sold.done |= closed && sold.server.is_some();
        }
    }

    // what must be

    fn agrees(&self) {
        let found: MembersResponse =
            self.suite.ask(&QueryMsg::Members { start_after: None, limit: None }).unwrap();
        let found: Vec<_> = found
            .members
            .iter()
            .map(|m| (m.device, m.lots.0, m.busy.0, m.active, m.leaves.map(|epoch| epoch.u64())))
            .collect();
        let known = self.members.iter();
        let known: Vec<_> =
            known.map(|(d, m)| (*d, m.lots, self.busy(*d), m.counts, m.leaves)).collect();
        assert_eq!(found, known, "members");
        let found: LeasesResponse =
            self.suite.ask(&QueryMsg::Leases { start_after: None, limit: Some(100) }).unwrap();
        let found: Vec<_> =
            found.leases.iter().map(|one| (one.lease.u64(), one.member, one.lots.0)).collect();
        let known = self.leases.iter().filter(|(_, sold)| !sold.done);
        let known: Vec<_> =
            known.filter_map(|(lease, sold)| Some((*lease, sold.server?, sold.lots))).collect();
        assert_eq!(found, known, "leases that are served");
    }

    /// Assigns every lease again.
    pub(crate) fn assign_all(&mut self) {
        for lease in self.leases.keys().copied().collect::<Vec<_>>() {
            self.assign(lease);
            self.agrees();
        }
    }

    /// Everybody has what the distributor gave, within the unit that is not whole yet, and the fractions that those who
    /// went left to the others.
    pub(crate) fn is_paid(&mut self) {
        self.account_all();
        for device in PEOPLE {
            let paid = self.suite.wallet(owner(device)) - self.wallets[&device];
            let member = self.members.contains_key(&device);
            let pending = if member { self.suite.earned(device) } else { 0 };
            let got = paid as f64 + pending as f64;
            let due = self.due.get(&device).copied().unwrap_or_default();
            let most = 1.001 + f64::from(self.departed);
            assert!((got - due).abs() < most, "{device}: {got} for {due}");
        }
    }

    fn account_all(&mut self) {
        let served = |sold: &Sold| sold.server.is_some() && !sold.done;
        let all = self.leases.iter().filter(|(_, sold)| served(sold)).map(|(lease, _)| *lease);
        all.collect::<Vec<_>>().into_iter().for_each(|lease| self.account(lease));
    }

    /// All leases close and everybody goes.
    pub(crate) fn end(mut self) -> Suite {
        for lease in self.leases.keys().copied().collect::<Vec<_>>() {
            self.act(lease, Act::Close);
        }
        self.account_all();
        for (device, member) in self.members.clone() {
            if member.leaves.is_none() {
                self.live(Step::Leave(device));
            }
        }
        self.suite.wait(EPOCH);
        for device in PEOPLE {
            self.live(Step::Depart(device));
        }
        assert!(self.members.is_empty(), "{:?} are still in", self.members);
        self.suite
    }
}

fn note(all: &mut BTreeSet<DeviceId>, device: DeviceId, bad: bool) {
    if bad {
        all.insert(device);
    } else {
        all.remove(&device);
    }
}
