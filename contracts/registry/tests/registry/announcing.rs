//! Announcing profiles.

use crate::parties::signer;
use crate::suite::{Outcome, Suite, refused};
use caplet_api::event::ProfileAnnounced;
use caplet_api::registry::{ExecuteMsg, ProfileInput};
use caplet_protocol::Domain;

fn announce(suite: &mut Suite, profiles: Vec<ProfileInput>) -> Outcome {
    suite.send("relayer", &ExecuteMsg::Announce { profiles })
}

#[test]
fn a_profile_is_kept_by_digest_and_a_newer_one_replaces_it() {
    let mut suite = Suite::with_device();
    let late = suite.now() + 100;
    let (first, second) = (
        signer("lamp").profile(&suite.domain, 1, 3, late),
        signer("lamp").profile(&suite.domain, 1, 8, late),
    );
    let events = announce(&mut suite, vec![first, second.clone()]).unwrap();
    assert_eq!(ProfileAnnounced::try_from(&events[1]).unwrap().sequence, 8);
    let kept = suite.device(1).profile.unwrap();
    assert_eq!(kept.digest.as_slice(), second.digest.as_slice());
    assert_eq!((kept.sequence.u64(), kept.not_after.u64()), (8, late));
}

#[test]
fn replays_old_dates_and_foreign_signatures_are_refused_with_their_place() {
    let mut suite = Suite::with_device();
    let (now, domain) = (suite.now(), suite.domain);
    let lamp = signer("lamp");
    let good = lamp.profile(&domain, 1, 5, now + 100);
    announce(&mut suite, vec![good.clone()]).unwrap();

    refused(announce(&mut suite, vec![good]), "profile sequence 5 does not follow 5");
    let void = lamp.profile(&domain, 1, 6, now);
    refused(announce(&mut suite, vec![void]), "item 0: the profile is void since");
    let next = lamp.profile(&domain, 1, 6, now + 100);
    let foreign = signer("mallory").profile(&domain, 1, 7, now + 100);
    refused(
        announce(&mut suite, vec![next.clone(), foreign]),
        "item 1: the profile signature does not verify",
    );
    let elsewhere = lamp.profile(&Domain([1; 32]), 1, 7, now + 100);
    refused(announce(&mut suite, vec![elsewhere]), "profile signature does not verify");
    let unknown = lamp.profile(&domain, 2, 7, now + 100);
    refused(announce(&mut suite, vec![unknown]), "there is no device 2; the last one is 1");
    let mut short = next;
    short.digest = vec![1; 31].into();
    refused(announce(&mut suite, vec![short]), "profile digest has 31 bytes, 32 are needed");
}
