//! Calls that nobody in between reads.

use caplet_protocol::seal::{Place, SealError, Secret, ask, hear};
use caplet_protocol::{Domain, LeaseId};
use proptest::prelude::*;

const PLACE: Place = Place { domain: Domain([7; 32]), lease: LeaseId(5), call: 9 };

#[test]
fn input_and_output_come_through_and_show_nothing_on_the_way() {
    let (secret, public) = Secret::derive(&[1; 32]);
    let asked = ask(&public, &PLACE, b"read the thermometer").unwrap();
    let (input, reply) = hear(&secret, &PLACE, &asked.key, &asked.text).unwrap();
    assert_eq!(input, b"read the thermometer");
    let sealed = reply.seal(b"21.5 Cel");
    assert_eq!(asked.reply.open(&sealed).unwrap(), b"21.5 Cel");
    let shows = |text: &[u8], word: &[u8]| text.windows(word.len()).any(|part| part == word);
    assert!(!shows(&asked.text, b"read") && !shows(&sealed, b"21.5"));
}

#[test]
fn another_key_lease_call_or_domain_opens_nothing() {
    let (secret, public) = Secret::derive(&[1; 32]);
    let (stranger, _) = Secret::derive(&[2; 32]);
    let asked = ask(&public, &PLACE, b"x").unwrap();
    let fails = |secret: &Secret, place: Place| {
        hear(secret, &place, &asked.key, &asked.text).err() == Some(SealError)
    };
    assert!(fails(&stranger, PLACE));
    assert!(fails(&secret, Place { lease: LeaseId(6), ..PLACE }));
    assert!(fails(&secret, Place { call: 10, ..PLACE }));
    assert!(fails(&secret, Place { domain: Domain([8; 32]), ..PLACE }));
    let again = ask(&public, &PLACE, b"x").unwrap();
    let (_, reply) = hear(&secret, &PLACE, &again.key, &again.text).unwrap();
    assert_eq!(asked.reply.open(&reply.seal(b"y")), Err(SealError), "of another asking");
}

#[test]
fn two_outputs_of_one_call_never_share_a_nonce() {
    let (_, public) = Secret::derive(&[1; 32]);
    let reply = ask(&public, &PLACE, b"x").unwrap().reply;
    assert_ne!(reply.seal(b"a")[..12], reply.seal(b"b")[..12]);
    assert_eq!(reply.seal(b"a"), reply.seal(b"a"), "and the same output is the same bytes");
}

proptest! {
    #[test]
    fn a_bit_that_is_turned_opens_nothing(text: Vec<u8>, at: prop::sample::Index, bit in 0u8..8) {
        let (secret, public) = Secret::derive(&[1; 32]);
        let mut asked = ask(&public, &PLACE, &text).unwrap();
        let (_, reply) = hear(&secret, &PLACE, &asked.key, &asked.text).unwrap();
        let mut sealed = reply.seal(&text);
        let at_reply = at.index(sealed.len());
        sealed[at_reply] ^= 1 << bit;
        prop_assert_eq!(asked.reply.open(&sealed), Err(SealError));
        let at = at.index(asked.text.len());
        asked.text[at] ^= 1 << bit;
        prop_assert!(hear(&secret, &PLACE, &asked.key, &asked.text).is_err());
    }

    #[test]
    fn no_bytes_do_harm(key: Vec<u8>, text: Vec<u8>) {
        let (secret, public) = Secret::derive(&[1; 32]);
        prop_assert!(hear(&secret, &PLACE, &key, &text).is_err());
        prop_assert!(ask(&public, &PLACE, b"").unwrap().reply.open(&text).is_err());
    }
}
