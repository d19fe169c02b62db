//! Random message sequences by honest and hostile parties. The suite runs every invariant before and
//! after each message: conservation, redeemed never falls nor exceeds its cap, closed stays closed,
//! and a refusal changes nothing.

use crate::suite::*;
use caplet_api::common::AdminMsg;
use caplet_api::escrow::{
    CloseReason, ExecuteMsg, FeeSchedule, ItemResult, LeaseResponse, MoveCapInput,
};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{
    INSTANT, LaneItem, ListEntry, LockItem, OpenItem, TopUpItem, UnlockItem, VoucherItem,
};
use caplet_protocol::layout::{Voucher, VoucherList};
use caplet_protocol::{AssetId, Bps, DeviceId, Lane, LeaseId};
use proptest::prelude::*;

const PEOPLE: [&str; 8] =
    ["alice", "bob", "carol", "dave", "gw1", "relayer", "sweeper", "stranger"];

/// What is paid with: a coin, an ibc denom, a cw20 token.
const ASSETS: [AssetId; 3] = [UCAP, IBC, TOKEN];

#[derive(Clone, Debug)]
enum Act {
    /// From here on money moves, orders are placed and leases open in this asset.
    In(AssetId),
    Deposit(usize, u128),
    Withdraw(usize, Option<u128>),
    Authorise(u32, u64),
    Lock(Vec<(u32, u64, u64, bool)>),
    Unlock(u32, u64, u64, bool),
    Open(Vec<(u32, u32, u64, u16, u64, u8)>),
    /// Consumer, provider, lots, split of the caps in percent, whether the second lane is another's.
    Share(u32, u32, u16, u8, bool),
    /// Lease, lane, lots, extra money, flags.
    TopUp(usize, u8, u16, u64, u8),
    /// Who, lease, from, to, amount.
    MoveCap(usize, usize, u16, u16, u64),
    /// Who brings it, the signing device, entries of lease, lane and percent.
    List(usize, u32, Vec<(usize, u8, u64)>),
    Suspend(u32, bool),
    /// The chain stands still for so long: seconds without blocks.
    Halt(u64),
    Settle(usize, Vec<Claim>),
    Notice(usize, usize),
    Close(usize, usize, u8),
    CloseSigned(u32, usize, u8),
    /// What the sides of a lease rightly do, whether or not it is time for it.
    Right(Way, usize),
    Finish(usize, usize, u8),
    Poke(usize),
    Sweep(usize, usize),
    SweepFees,
    SetFees(u16, u16),
    Rotate(u32, bool),
    Pause(bool),
    Wait(u64),
}

/// Ways through the state table.
#[derive(Clone, Copy, Debug)]
enum Way {
    Close,
    Notice,
    Reclaim,
    Finish,
    Poke,
    Sweep,
    Compromised,
    Suspended,
    Default,
}

const WAYS: [Way; 11] = [
    Way::Suspended,
    Way::Default,
    Way::Close,
    Way::Close,
    Way::Notice,
    Way::Reclaim,
    Way::Finish,
    Way::Poke,
    Way::Sweep,
    Way::Sweep,
    Way::Compromised,
];

/// A voucher somebody brings: lease, signing device, amount in percent of the first cap there can be, links and link, whether it is spoiled.
#[derive(Clone, Debug)]
struct Claim {
    lease: usize,
    lane: u16,
    signer: u32,
    percent: u64,
    chain: Option<(u16, u16, u64)>,
    spoiled: bool,
    evidence: bool,
}

fn person() -> impl Strategy<Value = usize> {
    0..PEOPLE.len()
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0u64..3_000, 1 => Just(u64::MAX), 1 => 0u64..200_000]
}

fn claim() -> impl Strategy<Value = Claim> {
    let chain = prop::option::weighted(0.3, (1u16..20, 0u16..22, 1u64..50));
    let signer = prop_oneof![6 => Just(0u32), 1 => 1u32..5];
    let percent = prop_oneof![9 => 0u64..110, 1 => Just(u64::MAX)];
    let lane = prop_oneof![3 => Just(0u16), 1 => 1u16..3];
    (0usize..12, lane, signer, percent, chain, prop::bool::weighted(0.1), prop::bool::weighted(0.1))
        .prop_map(|(lease, lane, signer, percent, chain, spoiled, evidence)| Claim {
            lease,
            lane,
            signer,
            percent,
            chain,
            spoiled,
            evidence,
        })
}

fn act() -> impl Strategy<Value = Act> {
    let lease = 0usize..12;
    let money = 0u128..50_000;
    let open = (1u32..3, 3u32..5, 0u64..900, 0u16..4, 0u64..20, 0u8..4);
    prop_oneof![
        2 => prop::sample::select(ASSETS.to_vec()).prop_map(Act::In),
        2 => (person(), money.clone()).prop_map(|(who, amount)| Act::Deposit(who, amount)),
        1 => (person(), prop::option::of(money)).prop_map(|(who, amount)| Act::Withdraw(who, amount)),
        1 => (1u32..5, amount()).prop_map(|(device, limit)| Act::Authorise(device, limit)),
        3 => prop::collection::vec((1u32..6, amount(), 0u64..10, any::<bool>()), 1..4).prop_map(Act::Lock),
        1 => (1u32..5, amount(), 0u64..10, any::<bool>()).prop_map(|(d, a, f, o)| Act::Unlock(d, a, f, o)),
        4 => prop::collection::vec(open, 1..4).prop_map(Act::Open),
        2 => (1u32..3, 3u32..5, 1u16..4, 0u8..101, any::<bool>()).prop_map(|(c, p, l, s, o)| Act::Share(c, p, l, s, o)),
        2 => (0usize..12, 0u8..3, 0u16..4, 0u64..5, 0u8..4).prop_map(|(l, n, lots, e, f)| Act::TopUp(l, n, lots, e, f)),
        3 => (person(), 0usize..12, 0u16..3, 0u16..3, prop_oneof![0u64..900, Just(u64::MAX)])
            .prop_map(|(w, l, f, t, a)| Act::MoveCap(w, l, f, t, a)),
        2 => (person(), 1u32..4, prop::collection::vec((0usize..12, 0u8..3, 0u64..120), 1..5))
            .prop_map(|(w, d, e)| Act::List(w, d, e)),
        1 => (1u32..5, any::<bool>()).prop_map(|(device, flag)| Act::Suspend(device, flag)),
        1 => Just(Act::Halt(700_000)),
        8 => (person(), prop::collection::vec(claim(), 1..6)).prop_map(|(who, claims)| Act::Settle(who, claims)),
        1 => (person(), lease.clone()).prop_map(|(who, lease)| Act::Notice(who, lease)),
        2 => (person(), lease.clone(), 1u8..11).prop_map(|(who, lease, reason)| Act::Close(who, lease, reason)),
        1 => (1u32..5, lease.clone(), 1u8..11).prop_map(|(device, lease, reason)| Act::CloseSigned(device, lease, reason)),
        1 => (person(), lease.clone(), 4u8..11).prop_map(|(who, lease, reason)| Act::Finish(who, lease, reason)),
        8 => (prop::sample::select(WAYS.to_vec()), lease.clone()).prop_map(|(way, lease)| Act::Right(way, lease)),
        1 => lease.clone().prop_map(Act::Poke),
        3 => (person(), lease).prop_map(|(who, lease)| Act::Sweep(who, lease)),
        1 => Just(Act::SweepFees),
        1 => (0u16..6_000, 0u16..6_000).prop_map(|(a, b)| Act::SetFees(a, b)),
        1 => (1u32..5, any::<bool>()).prop_map(|(device, compromised)| Act::Rotate(device, compromised)),
        1 => prop::bool::weighted(0.2).prop_map(Act::Pause),
        4 => prop_oneof![Just(1u64), Just(120), Just(700), Just(4_000)].prop_map(Act::Wait),
    ]
}

/// The suite with what the story so far has left behind.
struct Story {
    suite: Suite,
    leases: Vec<u64>,
    epochs: [u32; 4],
}

impl Story {
    fn lease(&self, index: usize) -> u64 {
        self.leases.get(index).copied().unwrap_or(64)
    }

    fn item(&self, claim: &Claim) -> VoucherItem {
        let lease = self.lease(claim.lease);
        let worth = self.leases.first().map_or(1, |_| {
            let lease = self.suite.lease(lease);
            lease.price.u64() * u64::from(lease.lots.0)
        });
        let mut voucher = plain(lease, u128::from(claim.percent) * u128::from(worth) / 100);
        voucher.lane = Lane(claim.lane);
        let (mut k, mut link) = (0, [0; 32]);
        if let Some((links, reveal, link_amount)) = claim.chain {
            voucher = Voucher { links, link_units: 1, link_amount, ..voucher };
            let salt = voucher.salt(&self.suite.domain);
            voucher.anchor = salt.link(&[1; 32], links, 0).unwrap();
            (k, link) = (reveal, salt.link(&[1; 32], links, reveal).unwrap_or([9; 32]));
        }
        if claim.evidence {
            voucher.evidence = [claim.percent as u8 | 1; 32];
        }
        let honest = if self.leases.is_empty() { 1 } else { self.suite.lease(lease).consumer.0 };
        let signer = if claim.signer == 0 { honest } else { claim.signer };
        let mut item = self.suite.keys[&signer].voucher(&self.suite.domain, voucher);
        if claim.spoiled {
            item.signature[3] ^= 1;
        }
        VoucherItem { k, link, ..item }
    }

    fn settle(&mut self, who: usize, claims: &[Claim]) {
        let items: Vec<VoucherItem> = claims.iter().map(|claim| self.item(claim)).collect();
        let before: Vec<u64> =
            self.leases.iter().map(|lease| self.suite.redeemed(*lease)).collect();
        let results = self.suite.settle(PEOPLE[who], &items);
        let mut sums = vec![0; self.leases.len()];
        for (item, (result, paid)) in items.iter().zip(results) {
            let pays = matches!(result, ItemResult::Paid | ItemResult::Clamped);
            assert_eq!(paid > 0, pays, "{result:?} paid {paid}");
            if let Some(at) = self.leases.iter().position(|id| *id == item.voucher.lease.0) {
                sums[at] += paid;
            }
        }
        for ((lease, before), paid) in self.leases.iter().zip(before).zip(sums) {
            assert_eq!(self.suite.redeemed(*lease), before + paid, "lease {lease}");
        }
        // once more pays nothing
        for (_, paid) in self.suite.settle(PEOPLE[who], &items) {
            assert_eq!(paid, 0, "a repeated voucher paid");
        }
    }

    fn open(&mut self, items: &[(u32, u32, u64, u16, u64, u8)]) {
        let items: Vec<OpenItem> = items
            .iter()
            .map(|&(consumer, provider, price, lots, extra, bits)| OpenItem {
                consumer,
                provider,
                price,
                lots,
                unlock: price * u64::from(lots) + BOND + extra,
                fee: extra.min(3),
                demand: 0,
                flags: (bits & INSTANT) | if bits & 2 != 0 { PLACED_BY_OWNER } else { 0 },
            })
            .collect();
        let terms = self.suite.terms();
        if let Ok(events) = self.suite.open(terms, &items) {
            self.leases.extend(opened(events));
        }
    }

    fn share(&mut self, consumer: u32, provider: u32, lots: u16, split: u8, other: bool) {
        let reserve = 500 * u64::from(lots);
        let first = reserve * u64::from(split) / 100;
        let item =
            OpenItem { lots, flags: INSTANT, ..open_item(consumer, provider, 500, reserve + BOND) };
        let payee = if other { 7 - provider } else { 0 };
        let lanes = [
            LaneItem { cap: first, ..LaneItem::default() },
            LaneItem { cap: reserve - first, payee, ..LaneItem::default() },
        ];
        if let Ok(events) = self.suite.open_shared(item, &lanes) {
            self.leases.extend(opened(events));
        }
    }

    /// A list by one device; what it pays is what the leases have redeemed more.
    fn list(&mut self, who: usize, device: u32, claims: &[(usize, u8, u64)]) {
        let entries: Vec<ListEntry> = claims
            .iter()
            .map(|(lease, lane, percent)| {
                let (lease, amount) = (LeaseId(self.lease(*lease)), u128::from(*percent) * 10);
                ListEntry { lease, lane: *lane, amount, units: 1 }
            })
            .collect();
        let before: u64 = self.leases.iter().map(|lease| self.suite.redeemed(*lease)).sum();
        let packed = ListEntry::pack(&entries);
        let statement = VoucherList::of(DeviceId(device), entries.len() as u32, &packed);
        let signature = self.suite.keys[&device].sign(&statement.preimage(&self.suite.domain));
        let msg = ExecuteMsg::SettleList {
            signer: DeviceId(device),
            entries: packed.into(),
            signature: signature.into(),
        };
        let events = self.suite.send(PEOPLE[who], &msg).unwrap();
        let paid: u64 = results(&events).iter().map(|(_, paid)| paid).sum();
        let after: u64 = self.leases.iter().map(|lease| self.suite.redeemed(*lease)).sum();
        assert_eq!(after, before + paid);
    }

    fn walk(&mut self, way: Way, lease: u64) {
        let suite = &mut self.suite;
        let (payer, payee) = {
            let lease = suite.lease(lease);
            (owner(lease.consumer.0), owner(lease.provider.0))
        };
        drop(match way {
            Way::Close => suite.close(payer, lease, CloseReason::ConsumerClosed),
            Way::Notice => suite.notice(payee, lease),
            Way::Reclaim => suite.close(payee, lease, CloseReason::Reclaimed),
            Way::Finish => suite.finish(payee, lease, CloseReason::ProviderFinished),
            Way::Poke => suite.poke("stranger", lease),
            Way::Sweep => suite.sweep("sweeper", lease),
            Way::Suspended => suite.close("stranger", lease, CloseReason::Suspended),
            Way::Default => suite.close("opener", lease, CloseReason::PoolDefault),
            Way::Compromised => suite.close("stranger", lease, CloseReason::KeyCompromised),
        });
    }

    /// Carries out an act. Refusals are part of the story: the suite checks that they change nothing.
    fn play(&mut self, act: &Act) {
        let reason = |number: u8| CloseReason::from_u8(number).unwrap();
        let flags = |owner: bool| if owner { PLACED_BY_OWNER } else { 0 };
        let asset = self.suite.asset;
        match act {
            Act::In(asset) => self.suite.asset = *asset,
            Act::Deposit(who, amount) => drop(self.suite.deposit(PEOPLE[*who], asset, *amount)),
            Act::Withdraw(who, amount) => drop(self.suite.withdraw(PEOPLE[*who], asset, *amount)),
            Act::Authorise(device, limit) => {
                drop(self.suite.authorise(owner(*device), *device, asset, *limit));
            }
            Act::Lock(items) => {
                let items: Vec<LockItem> = items
                    .iter()
                    .map(|&(device, amount, relay_fee, owner)| LockItem {
                        device,
                        amount,
                        relay_fee,
                        flags: flags(owner),
                    })
                    .collect();
                drop(self.suite.lock(&items));
            }
            Act::Unlock(device, amount, forfeit, owner) => {
                let (device, amount, forfeit) = (*device, *amount, *forfeit);
                let item = UnlockItem { device, amount, forfeit, flags: flags(*owner) };
                drop(self.suite.unlock(Some("sweeper"), &[item]));
            }
            Act::Open(items) => self.open(items),
            Act::Share(consumer, provider, lots, split, other) => {
                self.share(*consumer, *provider, *lots, *split, *other);
            }
            Act::TopUp(lease, lane, lots, extra, flags) => {
                let lease = self.lease(*lease);
                let found = self.leases.first().map(|_| self.suite.lease(lease));
                let (price, consumer, provider, market) = found.map_or((0, 0, 0, 0), |found| {
                    let LeaseResponse { price, consumer, provider, terms, .. } = found;
                    (price.u64(), consumer.0, provider.0, terms.market.0)
                });
                let owner = if flags & 2 != 0 { PLACED_BY_OWNER } else { 0 };
                let (unlock, flags) = (price * u64::from(*lots) + extra, (flags & INSTANT) | owner);
                let (lane, lots) = (*lane, *lots);
                let item = TopUpItem {
                    lease,
                    lane,
                    lots,
                    unlock,
                    flags,
                    consumer,
                    provider,
                    market,
                    price,
                };
                drop(self.suite.top_up("opener", &[item]));
            }
            Act::MoveCap(who, lease, from, to, amount) => {
                let (lease, amount) = (self.lease(*lease).into(), (*amount).into());
                let item = MoveCapInput { lease, from: Lane(*from), to: Lane(*to), amount };
                drop(self.suite.send(PEOPLE[*who], &ExecuteMsg::MoveCap { items: vec![item] }));
            }
            Act::List(who, device, claims) => self.list(*who, *device, claims),
            Act::Suspend(device, flag) => self.suite.suspend(*device, *flag),
            Act::Halt(seconds) => self.suite.wait(*seconds, 1),
            Act::Settle(who, claims) => self.settle(*who, claims),
            Act::Notice(who, lease) => drop(self.suite.notice(PEOPLE[*who], self.lease(*lease))),
            Act::Close(who, lease, number) => {
                drop(self.suite.close(PEOPLE[*who], self.lease(*lease), reason(*number)));
            }
            Act::CloseSigned(device, lease, number) => {
                let lease = self.lease(*lease);
                drop(self.suite.close_signed("stranger", *device, lease, reason(*number)));
            }
            Act::Right(way, lease) => self.walk(*way, self.lease(*lease)),
            Act::Finish(who, lease, number) => {
                drop(self.suite.finish(PEOPLE[*who], self.lease(*lease), reason(*number)));
            }
            Act::Poke(lease) => drop(self.suite.poke("stranger", self.lease(*lease))),
            Act::Sweep(who, lease) => drop(self.suite.sweep(PEOPLE[*who], self.lease(*lease))),
            Act::SweepFees => {
                drop(self.suite.send("stranger", &ExecuteMsg::SweepFees { asset }));
            }
            Act::SetFees(protocol, keeper) => {
                let fees = FeeSchedule { protocol: Bps(*protocol), keeper: Bps(*keeper) };
                drop(self.suite.send("governance", &ExecuteMsg::SetFees(fees)));
            }
            Act::Rotate(device, compromised) => {
                let epoch = &mut self.epochs[*device as usize - 1];
                *epoch += 1;
                self.suite.rotate(*device, *epoch, *compromised);
            }
            Act::Pause(pause) => {
                let msg = if *pause { AdminMsg::Pause {} } else { AdminMsg::Unpause {} };
                self.suite.send("governance", &ExecuteMsg::Admin(msg)).unwrap();
            }
            Act::Wait(seconds) => self.suite.wait(*seconds, seconds / 30),
        }
    }
}

/// What payee, keeper and protocol have after amounts settled one after another.
fn shares_after(amounts: &[u64]) -> [u128; 3] {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 5_000);
    for amount in amounts {
        let voucher = suite.voucher(ALICE, lease, (*amount).into());
        suite.settle("gw1", &[voucher]);
    }
    [suite.free("carol"), suite.free("gw1"), suite.ledger(UCAP).fees.u128()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_keeper_that_settles_unit_by_unit_gains_nothing(from in 0u64..4_000, units in 1u64..120) {
        let steps: Vec<u64> = (from..=from + units).collect();
        prop_assert_eq!(shares_after(&steps), shares_after(&[from + units]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_anybody_sends_breaks_an_invariant(acts in prop::collection::vec(act(), 10..90)) {
        let mut story = Story { suite: Suite::new(), leases: Vec::new(), epochs: [0; 4] };
        for asset in [TOKEN, IBC, UCAP] {
            fund(&mut story.suite, asset);
            story.open(&[(ALICE, CAROL, 500, 3, 2, 0), (BOB, DAVE, 800, 1, 0, 0)]);
        }
        for act in &acts {
            story.play(act);
        }
        everybody_gets_out(&mut story);
    }

    #[test]
    fn any_order_and_any_split_of_redemption_gives_the_same_totals(
        mut claims in prop::collection::vec((0usize..3, 1u64..1_300), 1..25),
        order in any::<prop::sample::Index>(),
        sizes in prop::collection::vec(1usize..5, 25),
    ) {
        let one = totals(&claims, &[claims.len()]);
        let at = order.index(claims.len());
        claims.rotate_left(at);
        prop_assert_eq!(totals(&claims, &sizes), one.clone());
        claims.reverse();
        prop_assert_eq!(totals(&claims, &vec![1; claims.len()]), one);
    }
}

/// Whoever pays has deposited an asset, lets its device commit everything, and has money locked; it is paid with that.
fn fund(suite: &mut Suite, asset: AssetId) {
    suite.asset = asset;
    for device in [ALICE, BOB] {
        suite.deposit(owner(device), asset, 1_000_000).unwrap();
        suite.authorise(owner(device), device, asset, u64::MAX / 2).unwrap();
        let item = LockItem { device, amount: 100_000, relay_fee: 0, flags: 0 };
        suite.lock(&[item]).unwrap();
    }
}

fn owner(device: u32) -> &'static str {
    PEOPLE[device as usize - 1]
}

/// However the story went, every lease can be ended and everybody can withdraw everything.
fn everybody_gets_out(story: &mut Story) {
    let suite = &mut story.suite;
    suite.wait(LEASE_SECS, 1_000);
    for lease in &story.leases {
        drop(suite.poke("stranger", *lease));
    }
    suite.wait_window();
    for lease in &story.leases {
        drop(suite.sweep("stranger", *lease));
    }
    for asset in ASSETS {
        suite.asset = asset;
        for device in [ALICE, BOB, CAROL, DAVE] {
            let amount = suite.ordered(owner(device)) as u64;
            suite.unlock(None, &[UnlockItem { device, amount, ..UnlockItem::default() }]).unwrap();
        }
        for name in PEOPLE {
            drop(suite.withdraw(name, asset, None));
        }
        drop(suite.send("stranger", &ExecuteMsg::SweepFees { asset }));
        assert_eq!(suite.held(asset), 0, "{asset}: money stayed behind");
    }
}

/// What everybody has after these vouchers, brought in batches of these sizes.
fn totals(claims: &[(usize, u64)], sizes: &[usize]) -> Vec<u128> {
    let mut suite = Suite::funded();
    let leases = [(ALICE, CAROL), (ALICE, DAVE), (BOB, CAROL)]
        .map(|(consumer, provider)| (consumer, suite.lease_between(consumer, provider, 1_000)));
    let mut rest = claims;
    for size in sizes {
        let (batch, later) = rest.split_at((*size).min(rest.len()));
        rest = later;
        let items: Vec<VoucherItem> = batch
            .iter()
            .map(|(lease, amount)| {
                let (consumer, id) = leases[*lease];
                suite.voucher(consumer, id, (*amount).into())
            })
            .collect();
        if !items.is_empty() {
            suite.settle("gw1", &items);
        }
    }
    let mut out: Vec<u128> = PEOPLE.iter().map(|name| suite.free(name)).collect();
    out.extend(leases.map(|(_, lease)| u128::from(suite.redeemed(lease))));
    let ledger = suite.ledger(UCAP);
    out.extend([ledger.fees, ledger.reserved, ledger.bonds].map(|part| part.u128()));
    out
}
