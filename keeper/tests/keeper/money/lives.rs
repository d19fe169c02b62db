//! Leases from their opening to their rating.

use super::stage::{
    Device, LEASE_SECS, PAYER, PROVIDER, Stage, demand, lasting, offer, place, until,
};
use caplet::config::Config;
use caplet::keeper::Keeper;
use caplet::leases::Lease;
use caplet::settler::closings::{self, By};
use caplet::settler::vouchers::{self, Accepted};
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg, ItemResult, LeaseState};
use caplet_api::packed::VoucherItem;
use caplet_api::reputation::RatingResponse;
use caplet_chain::ChainExt as _;
use caplet_protocol::layout::{Closing, QosReport, Voucher};
use caplet_protocol::{Bps, Lane, LeaseId, sign};
use serde_json::json;
use std::time::Duration;

/// A seller at gateway 1, a buyer at gateway 2, and both keepers.
pub(crate) struct Deal {
    pub(crate) stage: Stage,
    pub(crate) seller: Device,
    pub(crate) buyer: Device,
    pub(crate) serving: Keeper,
    pub(crate) buying: Keeper,
}

impl Deal {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With a serving keeper of another configuration.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Stage::running_with(lasting).await, change).await
    }

    /// On a stage of its own.
    pub(crate) async fn on(stage: Stage, change: impl FnOnce(&mut Config)) -> Self {
        let seller = stage.device(20, PROVIDER, 1).await;
        let buyer = stage.device(30, PAYER, 2).await;
        let (serving, buying) = (stage.keeper(1, change).await, stage.keeper(2, |_| ()).await);
        Self { stage, seller, buyer, serving, buying }
    }

    /// Places one lot and one demand a lease, and waits for the leases at the serving gateway.
    pub(crate) async fn leases(&self, count: u16) -> Vec<Lease> {
        let offers = vec![offer(&self.seller, 1, 60, count, 0)];
        self.stage.auction(PROVIDER, &place(offers, vec![])).await;
        let demands = (1..=count).map(|n| demand(&self.buyer, n.into(), 120, 1)).collect();
        self.stage.auction(PAYER, &place(vec![], demands)).await;
        let leases = self.serving.leases();
        until("the leases", async || {
            let all = leases.all();
            (all.len() == usize::from(count)).then_some(all)
        })
        .await
    }

    /// A voucher of the buyer, with its signature spoilt if it is forged.
    pub(crate) fn voucher(
        &self,
        lease: LeaseId,
        amount: u128,
        evidence: [u8; 32],
        forged: bool,
    ) -> VoucherItem {
        let voucher = Voucher { lease, amount, units: 1, evidence, ..Voucher::default() };
        let mut signature = sign::sign(&self.buyer.secret, &voucher.preimage(&self.stage.escrow));
        signature[0] ^= u8::from(forged);
        VoucherItem { voucher, k: 0, link: [0; 32], signature }
    }

    pub(crate) fn accept(&self, item: &VoucherItem, report: Option<Vec<u8>>) -> Accepted {
        let store = &self.serving.context().store;
        vouchers::accept(store, item, report, self.stage.now()).unwrap()
    }

    pub(crate) fn closing(&self, lease: LeaseId, reason: CloseReason, by: By) {
        let (keeper, device) = match by {
            By::Consumer => (&self.buying, &self.buyer),
            By::Provider => (&self.serving, &self.seller),
        };
        let statement = Closing { lease, reason: reason as u8 }.preimage(&self.stage.escrow);
        let signature = sign::sign(&device.secret, &statement);
        closings::request(&keeper.context().store, lease, reason, &signature, by).unwrap();
    }

    /// Lets chain time pass until leases have reached their end.
    pub(crate) async fn expire(&self) {
        self.stage.chain.produce(Duration::from_secs(LEASE_SECS.into())).await.unwrap();
    }

    /// The provider's owner finishes a lease itself.
    pub(crate) async fn finish(&self, lease: LeaseId, reason: CloseReason) {
        let items = vec![CloseInput { lease: lease.0.into(), reason, signature: None }];
        let escrow = &self.stage.deployment.contracts.escrow;
        self.stage.execute(PROVIDER, escrow, &ExecuteMsg::Finish { items }).await;
    }

    /// Waits until a lease is over at both gateways, and for its rating.
    pub(crate) async fn over(&self, lease: LeaseId) -> (Lease, RatingResponse) {
        let reputation = &self.stage.deployment.contracts.reputation;
        let ask = json!({"rating": {"lease": lease.0.to_string()}});
        let rating = until("the rating", async || {
            let answer: RatingResponse = self.stage.chain.query(reputation, &ask).await.unwrap();
            answer.rated.then_some(answer)
        })
        .await;
        let closed = until("the consumer's side to know", async || {
            let seen = self.buying.leases().get(lease)?;
            (seen.state == LeaseState::Closed).then_some(seen)
        })
        .await;
        (closed, rating)
    }
}

fn report(lease: LeaseId, score: u16) -> QosReport {
    QosReport {
        lease,
        units: 1,
        availability: Bps(10_000),
        score: Bps(score),
        ..QosReport::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_paid_expires_is_swept_and_rated_by_its_report() {
    let deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    assert!(lease.serves_here && !lease.consumes_here);
    assert!(lease.demand.is_some());
    let half = u128::from(lease.cap() / 2);
    deal.accept(&deal.voucher(lease.id, half, [0; 32], false), None);
    let leases = deal.serving.leases();
    until("the first half to be redeemed", async || {
        (u128::from(leases.get(lease.id)?.redeemed()) == half).then_some(())
    })
    .await;
    let report = report(lease.id, 9_000);
    let last = deal.voucher(lease.id, half, report.evidence(), false);
    deal.accept(&last, Some(report.encode().into()));
    deal.expire().await;
    let (closed, rating) = deal.over(lease.id).await;
    assert_eq!(closed.reason, Some(CloseReason::Expired));
    assert_eq!(closed.evidence, Some(report.evidence()));
    assert_eq!(u128::from(closed.redeemed()), half);
    assert!(rating.rating.is_some());
    deal.stage.check_money().await;
    // Nothing is left to remember.
    let store = &deal.serving.context().store;
    until("the voucher to be forgotten", async || {
        vouchers::best(store, lease.id, Lane(0)).unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_voucher_harms_no_other_and_is_sent_once() {
    let deal = Deal::new().await;
    let leases = deal.leases(3).await;
    let store = &deal.serving.context().store;
    for (n, lease) in leases.iter().enumerate() {
        deal.accept(&deal.voucher(lease.id, 100, [0; 32], n == 1), None);
    }
    let table = deal.serving.leases();
    until("the good ones to be redeemed", async || {
        let redeemed = |n: usize| table.get(leases[n].id).map(|lease| lease.redeemed());
        (redeemed(0) == Some(100) && redeemed(2) == Some(100)).then_some(())
    })
    .await;
    let verdict = until("the verdict", async || {
        vouchers::best(store, leases[1].id, Lane(0)).unwrap()?.verdict
    })
    .await;
    assert_eq!(verdict, ItemResult::BadSignature);
    assert_eq!(table.get(leases[1].id).unwrap().redeemed(), 0);
    // A better voucher of the same lane has its own chance.
    deal.accept(&deal.voucher(leases[1].id, 150, [0; 32], false), None);
    until("the better one to be redeemed", async || {
        (table.get(leases[1].id)?.redeemed() == 150).then_some(())
    })
    .await;
    deal.stage.check_money().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_providers_word_finishes_a_lease_after_everything_is_redeemed() {
    let deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    deal.accept(&deal.voucher(lease.id, 200, [0; 32], false), None);
    deal.closing(lease.id, CloseReason::ProviderFinished, By::Provider);
    let (closed, _) = deal.over(lease.id).await;
    assert_eq!((closed.reason, closed.redeemed()), (Some(CloseReason::ProviderFinished), 200));
    deal.stage.check_money().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_closes_early_and_pays_what_was_vouchered() {
    let deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    deal.accept(&deal.voucher(lease.id, 300, [0; 32], false), None);
    let table = deal.buying.leases();
    until("the consumer's gateway to see it", async || table.get(lease.id)).await;
    deal.closing(lease.id, CloseReason::ConsumerClosed, By::Consumer);
    let (closed, _) = deal.over(lease.id).await;
    assert_eq!(closed.reason, Some(CloseReason::ConsumerClosed));
    assert_eq!(closed.redeemed(), 300);
    deal.stage.check_money().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_redeemed_to_its_cap_is_over_at_once() {
    let deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    deal.accept(&deal.voucher(lease.id, u128::MAX, [0; 32], false), None);
    let (closed, _) = deal.over(lease.id).await;
    assert_eq!(closed.reason, Some(CloseReason::Exhausted));
    assert_eq!(closed.redeemed(), lease.cap());
    deal.stage.check_money().await;
}
