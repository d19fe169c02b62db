//! The payer's chain with 32 links in memory is the chain itself.
use caplet_protocol::{
    Domain, Lane, LeaseId,
    chain::{MAX_LINKS, Revealer, Salt},
};
use proptest::prelude::*;

fn salt(links: u16, amount: u128) -> Salt {
    Salt::of(&Domain([3; 32]), LeaseId(7), Lane(1), links, amount, 10)
}

proptest! {
    #[test]
    fn every_link_is_revealed_from_the_kept_ones(
        links in 1..=MAX_LINKS,
        ks in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        secret in any::<[u8; 32]>(),
    ) {
        let salt = salt(links, 1_500);
        let chain = Revealer::new(salt, &secret, links).unwrap();
        prop_assert_eq!(Some(*chain.anchor()), salt.link(&secret, links, 0));
        for k in ks {
            let k = k.index(usize::from(links) + 1) as u16;
            prop_assert_eq!(chain.reveal(k), salt.link(&secret, links, k));
        }
        prop_assert_eq!(chain.reveal(links), Some(salt.last_link(&secret)));
        prop_assert_eq!(chain.reveal(links + 1), None);
    }

    #[test]
    fn a_restored_payer_makes_the_same_chain_only_for_the_same_amount(
        amount in any::<u128>(), other in any::<u128>(), secret in any::<[u8; 32]>(),
    ) {
        let chain = |amount| Revealer::new(salt(40, amount), &secret, 40).unwrap();
        prop_assert_eq!(chain(amount), chain(amount));
        prop_assert_eq!(chain(amount).anchor() == chain(other).anchor(), amount == other);
    }
}

#[test]
fn there_is_no_chain_of_no_links_and_none_longer_than_a_redemption_walks() {
    assert_eq!(Revealer::new(salt(0, 1), &[1; 32], 0), None);
    assert_eq!(Revealer::new(salt(1, 1), &[1; 32], MAX_LINKS + 1), None);
}
