//! The seed's pseudocode to its last line, `match_capabilities`, `create_contract` and `execute_contract`, beside what the
//! contracts do with the same offers and the same demand: taken from the posted prices, and cleared in a batch.

use crate::parties::device_key;
use crate::suite::{ALICE_SELLS, BOB, CAROL, DAVE, LOT_FEE, MARKET, Suite, TICK, find, refused};
use caplet_api::auction::{DemandInput, ExecuteMsg};
use caplet_api::common::DomainResponse;
use caplet_api::escrow;
use caplet_api::event::Settled;
use caplet_api::packed::VoucherItem;
use caplet_protocol::layout::Voucher;
use caplet_protocol::{DeviceId, Domain, LeaseId, Lots};
use proptest::prelude::*;

/// Providers, the tier in which each stands with what that is worth, and the milliseconds from it to bob's consumer.
const PROVIDERS: [(DeviceId, u8, u64, u64); 3] =
    [(CAROL, 2, 9_500, 100), (DAVE, 0, 5_000, 5), (ALICE_SELLS, 1, 8_000, 100)];

/// What is offered: the provider, its ask in ticks, its accuracy tier and its tags.
type Sale = (usize, u64, u8, u32);

/// What bob asks for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    accuracy: u8,
    tags: u32,
    /// What reliability and nearness are worth to it.
    rho: u16,
    lambda: u16,
    /// Ticks.
    limit: u64,
}

#[derive(Clone, Copy, Debug)]
struct Profile {
    id: u64,
    device: DeviceId,
    price: u64,
    accuracy: u8,
    tags: u32,
    reliability: u64,
    ms: u64,
}

impl Profile {
    /// Price, reliability and proximity, in the money the demand weighs them by.
    fn bears(&self, demand: &Wanted) -> u64 {
        let unreliable = u64::from(demand.rho) * TICK * (10_000 - self.reliability) / 10_000;
        let far = u64::from(demand.lambda) * TICK * self.ms / 1_000;
        self.price + unreliable + far + LOT_FEE
    }

    fn meets(&self, demand: &Wanted) -> bool {
        self.accuracy >= demand.accuracy
            && self.tags & demand.tags == demand.tags
            && self.bears(demand) <= demand.limit * TICK
    }
}

/// `match_capabilities` of the seed: filter, sort, take the first.
fn match_capabilities(demand: &Wanted, profiles: &[Profile]) -> Option<Profile> {
    let mut filtered_profiles = Vec::new();
    for profile in profiles {
        if profile.meets(demand) {
            filtered_profiles.push(*profile);
        }
    }
    let mut sorted_profiles = filtered_profiles;
    sorted_profiles.sort_by_key(|profile| (profile.bears(demand), profile.id));
    sorted_profiles.first().copied()
}

/// A market in which the sales are posted, with a lot in each lane.
fn posted(sales: &[Sale]) -> (Suite, Vec<Profile>) {
    let mut suite = Suite::new();
    for (device, tier, ..) in PROVIDERS {
        suite.stand(device, tier, false);
    }
    let mut profiles = Vec::new();
    for &(who, ask, accuracy, tags) in sales {
        let (device, _, reliability, ms) = PROVIDERS[who];
        let mut offer = suite.offer(device, ask, 1);
        (offer.instant, offer.accuracy, offer.tags) = (Lots(1), accuracy, tags);
        let (id, price) = (suite.place_offer(offer), ask * TICK);
        profiles.push(Profile { id, device, price, accuracy, tags, reliability, ms });
    }
    (suite, profiles)
}

fn asked(suite: &mut Suite, demand: &Wanted) -> DemandInput {
    let mut input = suite.demand(BOB, demand.limit, 1);
    (input.accuracy, input.tags) = (demand.accuracy, demand.tags);
    (input.rho, input.lambda) = (demand.rho, demand.lambda);
    input
}

/// Bob's money, free and ordered.
fn purse(suite: &Suite) -> u128 {
    let balance = suite.balance("bob");
    balance.free.u128() + balance.ordered.u128()
}

/// `execute_contract`: the only lease is bob's, with `provider`; it is paid in full, and every unit of the price is the
/// provider's, the keeper's or the protocol's.
fn execute_contract(suite: &mut Suite, provider: DeviceId) -> u64 {
    let leases = suite.leases();
    let [lease] = &leases[..] else { panic!("{leases:?}") };
    assert_eq!((lease.consumer, lease.provider, lease.lots), (BOB, provider, Lots(1)));
    let (price, owner) = (lease.price.u64(), Suite::owner(provider));
    let ask = escrow::QueryMsg::Domain {};
    let found: DomainResponse = suite.app.wrap().query_wasm_smart(&suite.escrow, &ask).unwrap();
    let domain = Domain(found.domain.as_slice().try_into().unwrap());
    let lease = LeaseId(lease.lease.u64());
    let voucher = Voucher { lease, amount: price.into(), units: 600, ..Voucher::default() };
    let signature = device_key(BOB).sign(&voucher.preimage(&domain)).try_into().unwrap();
    let vouchers = VoucherItem::pack(&[VoucherItem { voucher, k: 0, link: [0; 32], signature }]);
    let parts =
        |suite: &Suite| [suite.free(owner), suite.free("keeper"), suite.ledger().fees.u128()];
    let before = parts(suite);
    let msg = escrow::ExecuteMsg::Settle { vouchers: vouchers.into() };
    let settled: Settled = find(&suite.tell_escrow("keeper", &msg).unwrap()).unwrap();
    assert_eq!(settled.paid, [price]);
    let gained: Vec<u128> = parts(suite).iter().zip(before).map(|(now, was)| now - was).collect();
    assert_eq!(gained.iter().sum::<u128>(), price.into());
    assert!(gained[0] > u128::from(price) * 9 / 10, "the provider is paid: {gained:?}");
    price
}

/// What the seed takes is what may be taken, at its price; whatever it filters out is refused, and moves nothing.
fn taken(sales: &[Sale], demand: &Wanted) {
    let (mut suite, profiles) = posted(sales);
    let had = purse(&suite);
    let take = |suite: &mut Suite, offer: u64| {
        let (offer, demand) = (offer.into(), asked(suite, demand));
        suite.send("bob", &ExecuteMsg::Take { offer, demand, market: MARKET, lease: None })
    };
    for profile in profiles.iter().filter(|profile| !profile.meets(demand)) {
        refused(take(&mut suite, profile.id), &["take another offer"]);
    }
    let Some(best_capability) = match_capabilities(demand, &profiles) else {
        assert_eq!((suite.leases().len(), purse(&suite)), (0, had));
        return;
    };
    take(&mut suite, best_capability.id).unwrap();
    let price = execute_contract(&mut suite, best_capability.device);
    assert_eq!(price, best_capability.price);
    // the close bond came back when the lease was used up
    assert_eq!(purse(&suite), had - u128::from(price));
}

/// A batch of this one demand opens a lease exactly if the seed makes a contract, with an offer as good, at a price
/// that both accept.
fn cleared(sales: &[Sale], demand: &Wanted) {
    let (mut suite, profiles) = posted(sales);
    let had = purse(&suite);
    let input = asked(&mut suite, demand);
    suite.place_demand(input);
    suite.next_epoch();
    suite.clear().unwrap();
    let Some(best_capability) = match_capabilities(demand, &profiles) else {
        assert_eq!((suite.leases().len(), purse(&suite)), (0, had));
        return;
    };
    let provider = suite.leases()[0].provider;
    let good = |profile: &&Profile| profile.device == provider && profile.meets(demand);
    let its = profiles.iter().filter(good).min_by_key(|profile| profile.bears(demand)).unwrap();
    assert_eq!(its.bears(demand), best_capability.bears(demand));
    let price = execute_contract(&mut suite, provider);
    assert!(price >= its.price, "{price} for an ask of {}", its.price);
    assert!(price + its.bears(demand) - its.price <= demand.limit * TICK, "{price} is too much");
    // the fee for whoever cleared beside it; both bonds came back
    assert_eq!(purse(&suite), had - u128::from(price + LOT_FEE));
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (0u8..2, 0u32..4, 0u16..12, 0u16..150, 14u64..60).prop_map(
        |(accuracy, tags, rho, lambda, limit)| Wanted { accuracy, tags, rho, lambda, limit },
    )
}

/// Asks are above what the price controller starts at, so that what is posted is the ask.
fn sales() -> impl Strategy<Value = Vec<Sale>> {
    prop::collection::vec((0usize..3, 16u64..40, 0u8..2, 0u32..4), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_contracts_make_and_execute_what_the_seed_does(sales in sales(), demand in wanted()) {
        taken(&sales, &demand);
        cleared(&sales, &demand);
    }
}

#[test]
fn reliability_and_nearness_decide_where_prices_are_close() {
    let demand = Wanted { accuracy: 0, tags: 0, rho: 0, lambda: 0, limit: 50 };
    // carol is dearer and reliable, dave is cheaper and near
    let sales: [Sale; 2] = [(0, 20, 1, 3), (1, 18, 1, 3)];
    let (_, profiles) = posted(&sales);
    let best = |demand: &Wanted| match_capabilities(demand, &profiles).unwrap().device;
    let (plain, reliable) = (demand, Wanted { rho: 10, ..demand });
    let near = Wanted { rho: 10, lambda: 40, ..demand };
    assert_eq!([plain, reliable, near].map(|demand| best(&demand)), [DAVE, CAROL, DAVE]);
    for demand in [plain, reliable, near] {
        taken(&sales, &demand);
        cleared(&sales, &demand);
    }
}

#[test]
fn without_a_candidate_no_contract_is_made_and_no_money_moves() {
    let demand = Wanted { accuracy: 1, tags: 1, rho: 0, lambda: 0, limit: 30 };
    let inaccurate: Sale = (0, 20, 0, 1);
    let untagged: Sale = (1, 20, 1, 2);
    let dear: Sale = (2, 30, 1, 1);
    for sales in [&[inaccurate][..], &[untagged], &[dear], &[inaccurate, untagged, dear]] {
        let (_, profiles) = posted(sales);
        assert!(match_capabilities(&demand, &profiles).is_none());
        taken(sales, &demand);
        cleared(sales, &demand);
    }
}
