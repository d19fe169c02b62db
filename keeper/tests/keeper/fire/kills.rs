//! Kill -9 of either keeper, hundreds of times, while devices pay: processes of their own on a chain that goes on.

use super::ground::{Chance, Ground};
use super::life::{Life, Orders, Vouchers};
use super::way;
use crate::money::stage::{Stage, until};
use caplet::leases::Lease;
use caplet::tasks::Group;
use caplet_api::escrow::{LeaseResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::LeaseId;
use std::sync::Arc;
use std::time::{Duration, Instant};

const KILLS: u64 = 240;
const SEED: u64 = 0x9e37_79b9;
const LEASES: u16 = 5;

/// Base units that escrow has redeemed on a lease.
async fn redeemed(stage: &Stage, lease: LeaseId) -> u64 {
    let ask = QueryMsg::Lease { lease: lease.0.into() };
    let escrow = &stage.deployment.contracts.escrow;
    let found: LeaseResponse = stage.chain.query(escrow, &ask).await.unwrap();
    found.lanes.iter().map(|lane| lane.redeemed.u64()).sum()
}

/// Waits until the serving gateway has so much on its disk.
async fn service(vouchers: &Vouchers, lives: &mut [Life; 2], wanted: u64) {
    until("service to resume", async || {
        lives.iter_mut().for_each(Life::check);
        (vouchers.kept() >= wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_either_keeper_again_and_again_lose_no_voucher_and_pay_none_twice() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(LEASES).await;
    for gateway in [1, 2] {
        ground.kill(gateway).await;
        // a folder that nobody in this process has open
        let store = ground.deal.stage.backup(gateway);
        ground.deal.stage.restore(gateway, &store);
    }
    let stage = &ground.deal.stage;
    let cap = leases.iter().map(Lease::cap).min().unwrap();
    let step = cap / (KILLS + 2); // no lease is paid up before the end
    assert!(step > 0, "a cap of {cap} is too little for {KILLS} kills");
    let vouchers = Arc::new(Vouchers::new(&ground.deal, &leases, step * (KILLS + 1)));
    let (folder, tasks) = (tempfile::tempdir().unwrap(), Group::new("way"));
    let socket = folder.path().join("way");
    way::serve(&socket, Arc::clone(&stage.chain), Arc::clone(&vouchers), &tasks);
    let orders = [1, 2].map(|gateway| Orders::of(stage, gateway, &socket));
    let mut lives = [Life::begin(&orders[0]), Life::begin(&orders[1])];

    let (mut chance, began) = (Chance::new(SEED), Instant::now());
    for kill in 1..=KILLS {
        vouchers.sign_up_to(step * kill);
        // one of three dies wherever its start or its work is, the others while they serve or after
        if chance.below(3) > 0 {
            let kept = vouchers.kept();
            let wanted = kept + chance.below(step * kill * u64::from(LEASES) - kept + 1);
            service(&vouchers, &mut lives, wanted).await;
        }
        let instant = Duration::from_micros(chance.below(30_000));
        tokio::time::sleep(instant).await;
        let at = usize::from(chance.below(3) == 0);
        lives[at].kill();
        if at == 0 {
            vouchers.check(&orders[0]);
        }
        lives[at] = Life::begin(&orders[at]);
    }
    let took = began.elapsed();

    let all = step * (KILLS + 1);
    vouchers.sign_up_to(all);
    service(&vouchers, &mut lives, all * u64::from(LEASES)).await;
    for lease in &leases {
        until("everything vouched for to be redeemed", async || {
            lives.iter_mut().for_each(Life::check);
            (redeemed(stage, lease.id).await >= all).then_some(())
        })
        .await;
    }
    lives.iter_mut().for_each(Life::kill);
    vouchers.check(&orders[0]);
    println!("{KILLS} kills from seed {SEED:#x} in {took:?}");
    ground.count(all * u64::from(LEASES)).await;
}
