//! Two gateways for one device.

use super::ground::Ground;
use crate::money::stage::until;
use caplet::settler::vouchers;
use rusqlite::params;

/// Has gateway 2 know the seller's device too, as one that serves it beside gateway 1.
fn share(ground: &Ground) {
    let read = "SELECT id, key, epoch, owner, cell FROM devices WHERE id = ?1";
    let seller = ground.deal.seller.id.0;
    let row: (u32, Vec<u8>, u32, String, u32) = ground
        .deal
        .stage
        .store(1)
        .read(|c| {
            c.query_row(read, [seller], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
            })
        })
        .unwrap();
    let write = "INSERT INTO devices (id, key, epoch, owner, cell) VALUES (?1, ?2, ?3, ?4, ?5)";
    let store = ground.deal.stage.store(2);
    store.write(|tx| Ok(tx.execute(write, params![row.0, row.1, row.2, row.3, row.4])?)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_of_a_device_with_the_same_vouchers_redeem_each_once() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(3).await;
    ground.kill(2).await;
    share(&ground);
    ground.deal.buying = ground.start(2).await;
    for amount in [80u128, 160, 240] {
        ground.vouch(&leases, amount);
        for lease in &leases {
            let voucher = ground.deal.voucher(lease.id, amount, [0; 32], false);
            let store = &ground.deal.buying.context().store;
            vouchers::accept(store, &voucher, None, ground.deal.stage.now()).unwrap();
        }
    }
    ground.redeemed(&leases, 240).await;
    ground.count(3 * 240).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_first_gateway_is_dead_the_second_redeems_in_its_place() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(2).await;
    ground.kill(2).await;
    share(&ground);
    ground.kill(1).await;
    ground.deal.buying = ground.start(2).await;
    for lease in &leases {
        let voucher = ground.deal.voucher(lease.id, 90, [0; 32], false);
        let store = &ground.deal.buying.context().store;
        vouchers::accept(store, &voucher, None, ground.deal.stage.now()).unwrap();
    }
    let table = ground.deal.buying.leases().clone();
    until("the second gateway to redeem", async || {
        let done = |lease: &caplet::leases::Lease| {
            table.get(lease.id).is_some_and(|lease| lease.redeemed() == 90)
        };
        leases.iter().all(done).then_some(())
    })
    .await;
    ground.count(2 * 90).await;
}
