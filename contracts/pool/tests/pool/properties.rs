//! Random lives of a pool with many members. The suite checks before and after every message that stakes and what is
//! owed are in escrow, that all that was credited is paid, pending or waits, and that a refusal changes nothing; the
//! model of `life`, after every message, who counts and who serves. Here: that everybody gets what is due, and out.

use crate::life::{Life, leasing, step};
use crate::suite::{BOB, DAVE, EPOCH, FRANK, GRACE, RICHES, Suite, net, owner};
use caplet_api::pool::{ExecuteMsg, MembersResponse, QueryMsg};
use cw_multi_test::IntoAddr;
use proptest::prelude::*;

fn members(suite: &Suite) -> MembersResponse {
    suite.ask(&QueryMsg::Members { start_after: None, limit: None }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_sequence_of_messages_breaks_an_invariant_or_keeps_money(steps in prop::collection::vec(step(), 1..70)) {
        let mut life = Life::new(&[(BOB, 4), (DAVE, 4)]);
        steps.into_iter().for_each(|step| life.live(step));
        let mut suite = life.end();
        prop_assert_eq!(members(&suite).members.len(), 0);
        // what came while nobody counted, and what those who went had of a unit, is the next member's
        suite.join(GRACE, 1, 1).unwrap();
        suite.wait(EPOCH);
        suite.admit(GRACE).unwrap();
        let lease = suite.sell(1);
        prop_assert_eq!(suite.assign(lease), Ok(GRACE));
        suite.pay(lease, 100);
        suite.count(lease).unwrap();
        let (money, earned) = (suite.money(), suite.earned(GRACE));
        let dust = money.credited.u64() - money.paid.u64() - earned;
        prop_assert!(dust <= 1, "{dust} of {} are nobody's", money.credited);
    }

    #[test]
    fn what_members_get_equals_a_naive_distributor(steps in prop::collection::vec(step(), 1..70)) {
        let mut life = Life::new(&[(BOB, 4), (DAVE, 3), (FRANK, 2)]);
        steps.into_iter().for_each(|step| life.live(step));
        life.is_paid();
    }

    #[test]
    fn a_lease_is_served_by_one_member_and_by_nobody_once_it_is_accounted(
        steps in prop::collection::vec(leasing(), 1..60),
    ) {
        let mut life = Life::new(&[(BOB, 4), (DAVE, 4), (FRANK, 4)]);
        steps.into_iter().for_each(|step| life.live(step));
        life.assign_all();
        life.is_paid();
    }

    #[test]
    fn leases_that_are_small_for_what_is_spare_all_find_another_member(
        most in 1u16..=5, sizes in prop::collection::vec(1u16..=5, 1..10), fails in 0usize..3,
    ) {
        let devices = [BOB, DAVE, FRANK];
        let mut suite = Suite::with(&devices.map(|device| (device, 5)));
        // two members of five are left: sold + (2 - 1) x (most - 1) <= 10
        let (mut left, mut served) = (10 - (most - 1), Vec::new());
        for lots in sizes.into_iter().map(|lots| lots.min(most)) {
            if lots <= left {
                left -= lots;
                let lease = suite.sell(lots);
                served.push((lease, suite.assign(lease).unwrap()));
            }
        }
        let failing = devices[fails];
        for (lease, _) in served.into_iter().filter(|(_, member)| *member == failing) {
            suite.send(owner(failing), &ExecuteMsg::HandOver { lease: lease.into() }).unwrap();
        }
        prop_assert_eq!(suite.member(failing).busy.0, 0);
    }

    #[test]
    fn who_joins_and_leaves_around_a_payment_gains_nothing_whoever_accounts_when(
        lots in 1u16..2_000, pays in prop::collection::vec(0u64..120, 4),
        counts in prop::collection::vec(any::<bool>(), 6),
    ) {
        let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
        let lease = suite.sell(5);
        suite.assign(lease).unwrap();
        let (before, mut sum) = (suite.wallet("frank"), 0);
        let mut pay = |suite: &mut Suite, at: usize| {
            sum += pays[at];
            if pays[at] > 0 {
                suite.pay(lease, sum);
            }
        };
        let count = |suite: &mut Suite, at: usize| {
            if counts[at] {
                suite.count(lease).unwrap();
            }
        };
        pay(&mut suite, 0);
        count(&mut suite, 0);
        suite.join(FRANK, lots, 1).unwrap();
        pay(&mut suite, 1);
        count(&mut suite, 1);
        suite.wait(EPOCH);
        count(&mut suite, 2);
        suite.admit(FRANK).unwrap();
        // it was there for no payment, and accounts those of before itself
        count(&mut suite, 3);
        let claimed = suite.send("frank", &ExecuteMsg::Claim { device: FRANK });
        prop_assert!(claimed.is_err());
        suite.send("frank", &ExecuteMsg::Leave { device: FRANK }).unwrap();
        pay(&mut suite, 2);
        count(&mut suite, 4);
        suite.wait(EPOCH);
        pay(&mut suite, 3);
        count(&mut suite, 5);
        suite.send("frank", &ExecuteMsg::Depart { device: FRANK }).unwrap();
        prop_assert_eq!(suite.wallet("frank"), before);
        prop_assert_eq!(suite.balance(&"frank".into_addr()).free.u128(), RICHES);
        // and took nothing from those who were
        suite.count(lease).unwrap();
        let got = suite.earned(BOB) + suite.earned(DAVE);
        prop_assert!(net(sum) - got <= 2, "{got} of {}", net(sum));
    }
}
