//! Random lives of a pool with many members. The suite checks before and after every message that stakes and what is
//! owed are in escrow and that a refusal changes nothing; here, that at any time all that was credited is paid, pending
//! or less than a unit of dust a member, that it equals a naive distributor, and that everybody gets out.

use crate::suite::{BOB, CAROL, DAVE, EPOCH, ERIN, FRANK, Suite, net, owner};
use caplet_api::escrow::LeaseState;
use caplet_api::pool::{ExecuteMsg, MembersResponse, QueryMsg};
use caplet_protocol::DeviceId;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Join(DeviceId, u16, u64),
    Admit(DeviceId),
    Leave(DeviceId),
    Depart(DeviceId),
    Sell(u16),
    Pay(usize, u64),
    Account(usize),
    Close(usize),
    Challenge(usize, DeviceId),
    Answer(usize, DeviceId),
    HandOver(usize, DeviceId),
    TakeOver(usize),
    Claim(DeviceId),
    Collect,
    Suspend(DeviceId, bool),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let member = || select(vec![BOB, CAROL, DAVE, ERIN, FRANK]);
    let at = || 0usize..6;
    prop_oneof![
        3 => (member(), 1u16..6, 0u64..50).prop_map(|(d, lots, cost)| Step::Join(d, lots, cost)),
        3 => member().prop_map(Step::Admit),
        1 => member().prop_map(Step::Leave),
        1 => member().prop_map(Step::Depart),
        4 => (1u16..5).prop_map(Step::Sell),
        6 => (at(), 1u64..120).prop_map(|(at, more)| Step::Pay(at, more)),
        3 => at().prop_map(Step::Account),
        1 => at().prop_map(Step::Close),
        2 => (at(), member()).prop_map(|(at, by)| Step::Challenge(at, by)),
        1 => (at(), member()).prop_map(|(at, by)| Step::Answer(at, by)),
        1 => (at(), member()).prop_map(|(at, by)| Step::HandOver(at, by)),
        2 => at().prop_map(Step::TakeOver),
        2 => member().prop_map(Step::Claim),
        1 => Just(Step::Collect),
        1 => (member(), any::<bool>()).prop_map(|(d, bad)| Step::Suspend(d, bad)),
        2 => select(vec![31u64, EPOCH]).prop_map(Step::Wait),
    ]
}

/// Leases that are assigned.
type Leases = Vec<u64>;

fn carry_out(suite: &mut Suite, leases: &mut Leases, step: &Step) {
    let lease = |at: usize| at.checked_rem(leases.len()).map(|at| leases[at]);
    use ExecuteMsg as M;
    let (sender, msg) = match *step {
        Step::Join(device, lots, cost) => {
            let _ = suite.join(device, lots, cost);
            return;
        }
        Step::Admit(device) => ("keeper", M::Admit { device }),
        Step::Leave(device) => (owner(device), M::Leave { device }),
        Step::Depart(device) => ("keeper", M::Depart { device }),
        Step::Sell(lots) => {
            let lease = suite.sell(lots);
            match suite.assign(lease) {
                Ok(_) => leases.push(lease),
                Err(_) => suite.close(lease),
            }
            return;
        }
        Step::Pay(at, more) => {
            let Some(lease) = lease(at) else { return };
            let now = suite.lease(lease);
            let amount = (now.lanes[0].redeemed.u64() + more).min(now.lanes[0].cap.u64());
            if now.state != LeaseState::Closed && amount > now.lanes[0].redeemed.u64() {
                suite.pay(lease, amount);
            }
            return;
        }
        Step::Account(at) => {
            let Some(number) = lease(at) else { return };
            suite.count(number).unwrap();
            if suite.lease(number).state == LeaseState::Closed {
                leases.retain(|one| *one != number);
            }
            return;
        }
        Step::Close(at) => {
            let Some(lease) = lease(at) else { return };
            if suite.lease(lease).state == LeaseState::Open {
                suite.close(lease);
            }
            return;
        }
        Step::Challenge(at, by) => {
            let Some(lease) = lease(at) else { return };
            (owner(by), M::Challenge { lease: lease.into() })
        }
        Step::Answer(at, by) => {
            let Some(lease) = lease(at) else { return };
            (owner(by), M::Answer { lease: lease.into() })
        }
        Step::HandOver(at, by) => {
            let Some(lease) = lease(at) else { return };
            (owner(by), M::HandOver { lease: lease.into() })
        }
        Step::TakeOver(at) => {
            let Some(lease) = lease(at) else { return };
            ("keeper", M::TakeOver { lease: lease.into() })
        }
        Step::Claim(device) => ("keeper", M::Claim { device }),
        Step::Collect => ("keeper", M::Collect {}),
        Step::Suspend(device, bad) => return suite.stand(device, 0, bad),
        Step::Wait(seconds) => return suite.wait(seconds),
    };
    let _ = suite.send(sender, &msg); // what is refused changes nothing, which the suite checks
}

fn members(suite: &Suite) -> MembersResponse {
    suite.ask(&QueryMsg::Members { start_after: None, limit: None }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_sequence_of_messages_breaks_an_invariant_or_keeps_money(steps in prop::collection::vec(step(), 1..70)) {
        let mut suite = Suite::with(&[(BOB, 4), (DAVE, 4)]);
        let mut leases = Leases::new();
        for step in &steps {
            carry_out(&mut suite, &mut leases, step);
        }
        for lease in leases {
            if suite.lease(lease).state == LeaseState::Open {
                suite.close(lease);
            }
            suite.count(lease).unwrap();
        }
        for member in members(&suite).members {
            let device = member.device;
            if member.leaves.is_none() {
                suite.send(owner(device), &ExecuteMsg::Leave { device }).unwrap();
            }
        }
        suite.wait(EPOCH);
        for member in members(&suite).members {
            suite.send("keeper", &ExecuteMsg::Depart { device: member.device }).unwrap();
        }
        let money = suite.money();
        // every departure may leave a unit, and what came while nobody counted waits
        prop_assert!(money.credited >= money.paid);
        prop_assert_eq!(members(&suite).members.len(), 0);
    }

    #[test]
    fn what_members_get_equals_a_naive_distributor(
        lots in prop::collection::vec(1u16..6, 3), sales in prop::collection::vec((1u16..3, 0u64..=100), 1..12),
    ) {
        let devices = [BOB, DAVE, FRANK];
        let with: Vec<_> = devices.into_iter().zip(lots.iter().copied()).collect();
        let mut suite = Suite::with(&with);
        let (mut naive, all) = (BTreeMap::<DeviceId, f64>::new(), f64::from(lots.iter().sum::<u16>()));
        for (of, share) in sales {
            let lease = suite.sell(of);
            let Ok(member) = suite.assign(lease) else { suite.close(lease); continue };
            let amount = u64::from(of) * share;
            if amount > 0 {
                suite.pay(lease, amount);
            }
            if suite.lease(lease).state == LeaseState::Open {
                suite.close(lease);
            }
            suite.count(lease).unwrap();
            let net = net(amount) as f64;
            *naive.entry(member).or_default() += net * 0.8;
            for (device, lots) in &with {
                *naive.entry(*device).or_default() += net * 0.2 * f64::from(*lots) / all;
            }
        }
        for device in devices {
            let (got, due) = (suite.earned(device) as f64, naive.get(&device).copied().unwrap_or(0.0));
            // shares round by less than a unit a lease
            prop_assert!((got - due).abs() <= 26.0, "{device}: {got} for {due}");
        }
        let sum: u64 = devices.iter().map(|device| suite.earned(*device)).sum();
        let credited = suite.money().credited.u64();
        prop_assert!(sum <= credited && credited - sum <= 3, "{sum} of {credited}");
    }
}
