//! From the policy to the lease: issued, bought, covered, told to the index, exercised.

use super::stand::{
    BASE, BUYER, CONSUMERS, MARKET, PROVIDERS, SELLER, SLOT_SECS, Stand, keeper_signer, signer,
};
use crate::common::until;
use caplet::config::{IssueConfig, NeedConfig};
use caplet_api::auction::{self, NO_EPOCH};
use caplet_api::event::SeriesIssued;
use caplet_api::futures::{ExecuteMsg, IssueInput, Sale, SeriesResponse};
use caplet_protocol::{Bps, DeviceId, Lots};

/// Lots that the seller's device has at a time, of which three tenths are sold ahead.
const CAPACITY: u16 = 10;
const AHEAD: u16 = 3;
/// What trades later go for, and what the margin of a series asks for before and after: a tenth of the strike at least,
/// room for a fifth of a rise, a tenth as penalty.
const RISEN: u64 = 2_000;
const ASKED: [u128; 2] = [900, 4_500];
/// Windows that are on sale at a time: so many that some are yet to begin when a slow machine has come to the rise.
const WINDOWS: u16 = 8;
/// Base units that all series of the device may bind: one of them can follow the rise, with its buffer; for a new one
/// there is not enough beside them then.
const LIMIT: u64 = 11_960;
/// The device of the seller's and that of the buyer's; they are numbered as they come.
const DEVICES: [DeviceId; 2] = [DeviceId(1), DeviceId(2)];

/// Three tenths of capacity, some windows ahead, at the median of what the market was worth.
fn policy() -> IssueConfig {
    IssueConfig {
        device: DEVICES[0].0,
        market: MARKET.0,
        backer: None,
        tiers: [0; 3],
        tags: 0,
        declare: 0,
        reserve_bps: 3_000,
        window_slots: 1,
        ahead: WINDOWS,
        quantile_bps: 5_000,
        least: 0,
        reservation_bps: 2_500,
    }
}

/// A lot of the seller's at three times what spot costs, all of which comes back if it is not used.
fn dear(first_slot: u32) -> IssueInput {
    IssueInput {
        device: DEVICES[0],
        market: MARKET,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        tags: 0,
        first_slot,
        slots: 1,
        lots: Lots(1),
        sale: Sale::Fixed { price: (3 * BASE).into() },
        reservation: Bps(0),
        collateral: 320u64.into(),
    }
}

/// The keepers act for the owners, and the seller's device is on the capacity ledger.
async fn entrust(stand: &Stand) {
    for (owner, keeper) in [(SELLER, 1), (BUYER, 2)] {
        let operator = keeper_signer(keeper).address().to_owned();
        let until = (stand.now() + 3_600).into();
        stand.tell(owner, &ExecuteMsg::Approve { operator, until }).await;
    }
    let (device, lots) = (DEVICES[0], Some(Lots(CAPACITY)));
    let declare = auction::ExecuteMsg::SetCapacity { market: MARKET, device, lots };
    stand.trade(SELLER, &declare).await;
}

/// The market rises to [`RISEN`]: two pairs of strangers trade and somebody tells it, then the devices of the keepers
/// trade and nobody does.
async fn rise(stand: &Stand) {
    let mut leases = Vec::new();
    for (provider, consumer) in PROVIDERS.into_iter().zip(CONSUMERS) {
        let sells = (provider, stand.stranger(provider, &signer(provider)).await);
        let buys = (consumer, stand.stranger(consumer, &signer(consumer)).await);
        leases.push(stand.spot(sells, buys, RISEN).await.into());
    }
    stand.tell(BUYER, &ExecuteMsg::Observe { market: MARKET, leases }).await;
    let mark = stand.mark().await;
    assert_eq!((mark.index, mark.mark.u64(), mark.trades), (None, BASE, 2), "two are no market");
    let [sells, buys] = DEVICES;
    stand.spot((SELLER, sells), (BUYER, buys), RISEN).await;
    let mark = until("a keeper to tell the index of its device's trade", async || {
        Some(stand.mark().await).filter(|mark| mark.index.is_some())
    })
    .await;
    assert_eq!((mark.mark.u64(), mark.trades), (RISEN, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_sells_ahead_covers_and_tells_the_index_by_policy_and_another_uses_what_beats_spot()
 {
    let stand = Stand::new().await;
    let first = stand
        .keeper(1, |c| {
            c.forward.issue = vec![policy()];
            c.forward.most_collateral = LIMIT;
        })
        .await;
    let needs = NeedConfig { device: DEVICES[1].0, market: MARKET.0, lots: 2 };
    let second = stand.keeper(2, |c| c.forward.needs = vec![needs]).await;
    let [seller, buyer] = [stand.thermometer(&first).await, stand.reader(&second).await];
    assert_eq!([seller, buyer], DEVICES);
    entrust(&stand).await;

    // every window ahead, three tenths of each, at the market's price, fully margined
    let issued = until("all windows to be on sale", async || {
        Some(stand.series().await).filter(|all| all.len() >= usize::from(WINDOWS))
    })
    .await;
    for (one, next) in issued.iter().zip(&issued[1..]) {
        assert_eq!(next.first_slot, one.first_slot + 1, "window by window");
    }
    for one in &issued {
        let strike = one.strike.map(|strike| strike.u64());
        assert_eq!((one.seller, one.slots, strike), (seller, 1, Some(BASE)));
        let unsold: Vec<_> = one.unsold.iter().map(|run| (run.from, run.to, run.lots)).collect();
        assert_eq!(unsold, [(0, 1, u32::from(AHEAD))]);
        assert_eq!(stand.reserved(seller, one.first_slot).await, AHEAD);
        assert_eq!((one.required.u128(), one.collateral.u64()), (ASKED[0], 945), "and a buffer");
    }

    // the price doubles: collateral follows as far as the limit goes
    rise(&stand).await;
    let covered = until("a series to be topped up", async || {
        let all = stand.series().await;
        let bound: u64 = all.iter().map(|one| one.collateral.u64()).sum();
        assert!(bound <= LIMIT, "{bound} are bound");
        let risen = |one: &SeriesResponse| issued.iter().any(|before| before.series == one.series);
        let met = all.iter().filter(|one| risen(one)).any(|one| {
            one.required.u128() == ASKED[1] && u128::from(one.collateral.u64()) >= ASKED[1]
        });
        met.then_some(all)
    })
    .await;
    let short = |collateral: u64, required: u128| u128::from(collateral) < required;
    assert!(
        covered.iter().any(|one| short(one.collateral.u64(), one.required.u128())),
        "the limit is for all of them: {covered:?}"
    );

    // a lot of the next window is bought that does not begin at once, and one of the same slot that is dear
    let soon = stand.now() + SLOT_SECS / 2;
    let next = issued.iter().find(|one| u64::from(one.first_slot) * SLOT_SECS >= soon);
    let next = next.unwrap_or_else(|| panic!("all windows began before the rise was covered"));
    let (bought, slot) = (next.series, next.first_slot);
    let events = stand.tell(SELLER, &ExecuteMsg::Issue(dear(slot))).await;
    let dear = super::stand::find::<SeriesIssued>(&events).series;
    for series in [bought, dear] {
        let (device, lots) = (buyer, Lots(1));
        let buy = ExecuteMsg::Buy { series, device, from: 0, to: 1, lots };
        stand.tell(BUYER, &buy).await;
    }

    // the slot begins: what costs no more than spot is used, what costs more is not
    let ahead = || {
        let own = second.leases().of_device(buyer).into_iter();
        own.filter(|lease| lease.terms.epoch == NO_EPOCH).collect::<Vec<_>>()
    };
    let lease = until("the prepaid lot to be used", async || ahead().into_iter().next()).await;
    assert_eq!((lease.provider, lease.price, lease.lots), (seller, BASE, Lots(1)));
    assert_eq!([stand.holds(bought, buyer).await, stand.holds(dear, buyer).await], [0, 1]);
    let closed = stand.closed(lease.id).await;
    assert_eq!(closed.lanes[0].redeemed.u64(), BASE, "read to its end, and paid at the strike");
    until("the lease to be reckoned", async || {
        let all = stand.series().await;
        let delivers = all.iter().any(|one| one.series == bought && !one.delivering.is_zero());
        (!delivers).then_some(())
    })
    .await;
    assert_eq!((ahead().len(), stand.mark().await.trades), (1, 3), "each was told once");
    stand.end([first, second]).await;
}
