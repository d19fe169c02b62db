//! The market: a demand that names attestation and the code it accepts.

use super::stand::{DAY, Stand};
use crate::money::stage::{Device, MARKET, PAYER, PROVIDER, demand, offer, place, until};
use caplet_api::auction::{DemandInput, OfferInput, QueryMsg, TablesResponse};
use caplet_chain::ChainExt as _;
use caplet_protocol::layout::OrderFlags;

/// An offer of the one code that the market's only tag names, for two days.
fn attested_offer(stand: &Stand, sequence: u32) -> OfferInput {
    OfferInput {
        flags: OrderFlags(OrderFlags::ATTESTED),
        tags: 1,
        not_after: (stand.stage.now() + 2 * DAY).into(),
        ..offer(&stand.device, sequence, 60, 4, 0)
    }
}

fn attested_demand(buyer: &Device, sequence: u32) -> DemandInput {
    DemandInput {
        flags: OrderFlags(OrderFlags::ATTESTED),
        tags: 1,
        ..demand(buyer, sequence, 120, 1)
    }
}

async fn classes(stand: &Stand) -> Vec<(bool, u32)> {
    let ask = QueryMsg::Tables { market: MARKET };
    let auction = &stand.stage.deployment.contracts.auction;
    let answer: TablesResponse = stand.stage.chain.query(auction, &ask).await.unwrap();
    answer.classes.iter().map(|class| (class.attested, class.tags)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demand_that_names_attestation_and_code_is_served_once_the_device_is_attested() {
    let stand = Stand::new(2).await;
    let buyer = stand.stage.device(30, PAYER, 2).await;
    let matcher = stand.stage.keeper(2, |_| ()).await;
    // offered before anything is attested: neither attested nor of that code
    stand.stage.auction(PROVIDER, &place(vec![attested_offer(&stand, 1)], vec![])).await;
    assert_eq!(classes(&stand).await, [(false, 0)]);
    stand.stage.auction(PAYER, &place(vec![], vec![attested_demand(&buyer, 1)])).await;

    stand.register(1).await;
    let _attester = stand.attester(1, |_| ()).await;
    stand.attested().await;
    assert!(
        matcher.leases().all().is_empty(),
        "an offer that is not attested serves no such demand"
    );
    stand.stage.auction(PROVIDER, &place(vec![attested_offer(&stand, 2)], vec![])).await;
    let mut classes = classes(&stand).await;
    classes.sort_unstable();
    assert_eq!(classes, [(false, 0), (true, 1)], "a class of its own");
    let lease = until("the lease", async || matcher.leases().all().into_iter().next()).await;
    assert_eq!((lease.provider, lease.consumer), (stand.device.id, buyer.id));
    stand.stage.check_money().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_outlasts_its_attestation_is_of_no_attested_class() {
    let stand = Stand::new(2).await;
    stand.register(1).await;
    let _attester = stand.attester(1, |_| ()).await;
    let ends = stand.attested().await;
    let outlasts = |secs: u64, sequence| OfferInput {
        not_after: (ends + secs).into(),
        ..attested_offer(&stand, sequence)
    };
    stand.stage.auction(PROVIDER, &place(vec![outlasts(1, 1)], vec![])).await;
    assert_eq!(classes(&stand).await, [(false, 0)]);
    stand.stage.auction(PROVIDER, &place(vec![outlasts(0, 2)], vec![])).await;
    let mut classes = classes(&stand).await;
    classes.sort_unstable();
    assert_eq!(classes, [(false, 0), (true, 1)]);
}
