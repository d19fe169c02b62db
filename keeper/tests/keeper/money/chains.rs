//! Hash chains: the consolidated voucher is asked first, the links are redeemed when it does not come.

use super::lives::Deal;
use super::stage::until;
use caplet::leases::Lease;
use caplet_api::packed::VoucherItem;
use caplet_protocol::{Lane, layout::Voucher, sign};

/// A voucher over 100 with `k` of 50 links of two revealed.
fn ticked(deal: &Deal, lease: &Lease, k: u16) -> VoucherItem {
    let (links, link_units, link_amount) = (50, 1, 2);
    let voucher = Voucher { lease: lease.id, amount: 100, units: 1, ..Voucher::default() };
    let mut voucher = Voucher { links, link_units, link_amount, ..voucher };
    let salt = voucher.salt(&deal.stage.escrow);
    voucher.anchor = salt.link(&[9; 32], links, 0).unwrap();
    let link = salt.link(&[9; 32], links, k).unwrap();
    let signature = sign::sign(&deal.buyer.secret, &voucher.preimage(&deal.stage.escrow));
    VoucherItem { voucher, k, link, signature }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consolidated_voucher_is_asked_first_and_taken_when_it_comes() {
    let deal = Deal::with(|config| config.settle.consolidate_secs = 1_000_000).await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    let mut asked = deal.serving.wanted().unwrap().subscribe();
    deal.accept(&ticked(&deal, &lease, 20), None);
    let wanted = asked.wait_for(|asked| !asked.is_empty()).await.unwrap().clone();
    assert_eq!(wanted.get(&(lease.id, Lane(0))), Some(&140));
    let table = deal.serving.leases().clone();
    // what was signed for waits for nobody, the links do
    until("the voucher without its links to be redeemed", async || {
        (table.get(lease.id)?.redeemed() == 100).then_some(())
    })
    .await;
    // over a unit more, so that it replaces the ticks
    deal.accept(&deal.voucher(lease.id, 141, [0; 32], false), None);
    until("the consolidated one to be redeemed", async || {
        (table.get(lease.id)?.redeemed() == 141).then_some(())
    })
    .await;
    asked.wait_for(|asked| asked.is_empty()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_links_are_redeemed_when_the_consumer_is_gone() {
    let deal = Deal::with(|config| config.settle.consolidate_secs = 1).await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    deal.accept(&ticked(&deal, &lease, 20), None);
    let table = deal.serving.leases().clone();
    until("the links to be redeemed", async || {
        (table.get(lease.id)?.redeemed() == 140).then_some(())
    })
    .await;
    deal.stage.check_money().await;
}
