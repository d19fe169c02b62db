//! Joining and leaving pools.

use caplet_forward::member::{Act, Member, Want};
use proptest::prelude::*;

const WANT: Want = Want { lots: 2, cost: 5 };

const fn member(lots: u16, cost: u64) -> Member {
    Member { lots, cost, leaving: false }
}

#[test]
fn a_device_joins_once_its_owner_has_the_stake() {
    assert_eq!(WANT.due(None, 100, 200), Some(Act::Join(WANT)));
    assert_eq!(WANT.due(None, 100, 199), Some(Act::Short { by: 1 }));
    assert_eq!(WANT.due(Some(member(2, 5)), 100, 0), None, "it is one already");
}

#[test]
fn a_device_that_is_wanted_no_more_or_otherwise_leaves() {
    let out = Want { lots: 0, cost: 0 };
    assert_eq!(out.due(Some(member(2, 5)), 100, 0), Some(Act::Leave));
    assert_eq!(out.due(None, 100, 1_000), None);
    assert_eq!(WANT.due(Some(member(3, 5)), 100, 0), Some(Act::Leave));
    assert_eq!(WANT.due(Some(member(2, 6)), 100, 0), Some(Act::Leave));
    let leaving = Member { leaving: true, ..member(3, 5) };
    assert_eq!(WANT.due(Some(leaving), 100, 1_000), None, "it waits until it has left");
}

proptest! {
    /// Whatever a membership is like, doing what is due comes to rest where it is wanted.
    #[test]
    fn what_is_due_leads_to_what_is_wanted(
        lots in 0u16..4, cost in 0u64..3, start in prop::option::of((1u16..4, 0u64..3, any::<bool>())),
    ) {
        let want = Want { lots, cost };
        let mut now = start.map(|(lots, cost, leaving)| Member { lots, cost, leaving });
        for _ in 0..4 {
            now = match want.due(now, 10, 1_000) {
                Some(Act::Join(as_wanted)) => Some(member(as_wanted.lots, as_wanted.cost)),
                Some(Act::Leave) => now.map(|of| Member { leaving: true, ..of }),
                Some(Act::Short { .. }) => unreachable!("there is enough"),
                // the epoch passes
                None => now.filter(|of| !of.leaving),
            };
        }
        prop_assert_eq!(now, (lots > 0).then_some(member(lots, cost)));
        prop_assert_eq!(want.due(now, 10, 0), None);
    }
}
