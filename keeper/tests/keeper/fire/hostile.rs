//! A keeper that settles what others hold unit by unit, for the fees.

use super::ground::{Ground, Money};
use caplet_api::escrow::ExecuteMsg;
use caplet_api::packed::VoucherItem;
use caplet_chain::Msg;
use caplet_mechanism::fees::Schedule;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_that_settles_unit_by_unit_takes_no_more_than_one_that_settles_at_once() {
    const UNITS: u64 = 60;
    let mut ground = Ground::new().await;
    let [lease] = ground.leases(1).await.try_into().unwrap();
    ground.kill(1).await;
    let stage = &ground.deal.stage;
    let before = Money::of(stage).await;
    for amount in 1..=UNITS {
        let item = ground.deal.voucher(lease.id, amount.into(), [0; 32], false);
        let settle = ExecuteMsg::Settle { vouchers: VoucherItem::pack(&[item]).into() };
        let msg = Msg::execute(&stage.deployment.contracts.escrow, &settle).unwrap();
        stage.send(12, msg).await.unwrap();
    }
    let after = Money::of(stage).await;
    let schedule = Schedule { protocol: lease.fees.protocol, keeper: lease.fees.keeper };
    let fees = schedule.split(0, UNITS);
    assert_eq!(after.keepers - before.keepers, u128::from(fees.keeper));
    assert_eq!(after.protocol - before.protocol, u128::from(fees.protocol));
    assert_eq!(after.payee - before.payee, u128::from(UNITS - fees.keeper - fees.protocol));
    ground.count(UNITS).await;
}
