//! Lots by slot, compared with a plain array.

use caplet_mechanism::strip::{Run, Strip};
use proptest::{collection::vec, prelude::*};

const SLOTS: u16 = 24;

fn array(strip: &Strip) -> Vec<u32> {
    (0..SLOTS).map(|slot| strip.at(slot)).collect()
}

proptest! {
    #[test]
    fn a_strip_behaves_as_an_array(steps in vec((0..SLOTS, 0..=SLOTS, 0u32..6, any::<bool>()), 0..40)) {
        let (mut strip, mut model) = (Strip::default(), vec![0u32; SLOTS.into()]);
        for (from, to, lots, more) in steps {
            let range = from.into()..usize::from(to.max(from));
            if more {
                strip = strip.add(from, to, lots).unwrap();
                model[range].iter_mut().for_each(|has| *has += lots);
            } else if let Some(less) = strip.take(from, to, lots) {
                model[range].iter_mut().for_each(|has| *has -= lots);
                strip = less;
            } else {
                prop_assert!(model[range].iter().any(|has| *has < lots));
            }
            prop_assert_eq!(array(&strip), model.clone());
            prop_assert_eq!(strip.total(), model.iter().copied().map(u64::from).sum::<u64>());
            prop_assert_eq!(Strip::from_runs(strip.runs()), Some(strip.clone()));
            let (before, after) = strip.split(from);
            prop_assert_eq!(before.total() + after.total(), strip.total());
            prop_assert_eq!(before.with(&after), Some(strip.clone()));
            prop_assert_eq!(strip.without(&before), Some(after));
            prop_assert!(strip.runs().windows(2).all(|two| two[0].to < two[1].from || two[0].lots != two[1].lots));
        }
    }
}

#[test]
fn runs_that_overlap_or_hold_nothing_are_no_strip() {
    let run = |from, to, lots| Run { from, to, lots };
    assert!(Strip::from_runs(&[run(0, 4, 1), run(3, 5, 1)]).is_none());
    assert!(Strip::from_runs(&[run(2, 2, 1)]).is_none());
    assert!(Strip::from_runs(&[run(0, 4, 0)]).is_none());
    assert_eq!(Strip::from_runs(&[run(0, 4, 1), run(4, 5, 1)]), Some(Strip::of(0, 5, 1)));
    assert_eq!(Strip::of(0, 5, 3).least(1, 6), 0);
    assert_eq!(Strip::of(0, 5, 3).least(1, 5), 3);
}
