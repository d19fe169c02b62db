//! Changed quotes and collateral: none passes for anything but what was signed.

use crate::genuine::lenient;
use crate::samples::{Sample, intel, sgx, td15, tdx};
use caplet_attest::Collateral;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Offset of the certificates in a quote: everything before is signed, or a signature, or says how long a part is.
fn certificates(quote: &[u8]) -> usize {
    quote.windows(11).position(|part| part == b"-----BEGIN ").unwrap()
}

/// Bytes of the header, and of the longest report, which the enclave's key signs.
fn signed(sample: &Sample) -> usize {
    48 + match sample.name {
        "sgx_quote" => 384,
        "tdx_quote" => 584,
        _ => 6 + 648,
    }
}

/// Every byte of the header, of the report, of the signatures and of the keys. Where a length is written the reader may
/// find the same parts; then it says the same.
#[test]
fn a_quote_with_any_byte_changed_before_its_certificates_is_refused() {
    for sample in [sgx(), tdx(), td15()] {
        let verifier = intel(lenient());
        let honest = verifier.verify(&sample.quote, &sample.collateral, sample.now).unwrap();
        let mut passed = 0;
        for at in 0..certificates(&sample.quote) {
            let mut quote = sample.quote.clone();
            quote[at] ^= 1 << (at % 8);
            let outcome = verifier.verify(&quote, &sample.collateral, sample.now);
            if let Ok(mut found) = outcome {
                assert!(at >= signed(&sample), "{}: byte {at} is signed", sample.name);
                found.evidence = honest.evidence;
                assert_eq!(found, honest, "{}: byte {at}", sample.name);
                passed += 1;
            }
        }
        assert!(passed <= 8, "{}: {passed} bytes may change", sample.name);
    }
}

#[test]
fn a_quote_cut_short_anywhere_is_refused() {
    let sample = sgx();
    for length in 0..certificates(&sample.quote) + 40 {
        let cut = &sample.quote[..length];
        assert!(intel(lenient()).verify(cut, &sample.collateral, sample.now).is_err(), "{length}");
    }
}

/// Applies `change` to a copy of one part after another.
fn every_part(of: &Collateral, change: impl Fn(&mut Vec<u8>)) -> Vec<(&'static str, Collateral)> {
    type Part = (&'static str, fn(&mut Collateral, &dyn Fn(&mut Vec<u8>)));
    fn text(of: &mut String, change: &dyn Fn(&mut Vec<u8>)) {
        let mut bytes = of.clone().into_bytes();
        change(&mut bytes);
        *of = String::from_utf8_lossy(&bytes).into_owned();
    }
    let parts: [Part; 8] = [
        ("root_ca_crl", |c, f| f(&mut c.root_ca_crl)),
        ("pck_crl", |c, f| f(&mut c.pck_crl)),
        ("tcb_info_issuer_chain", |c, f| text(&mut c.tcb_info_issuer_chain, f)),
        ("tcb_info", |c, f| text(&mut c.tcb_info, f)),
        ("tcb_info_signature", |c, f| f(&mut c.tcb_info_signature)),
        ("qe_identity_issuer_chain", |c, f| text(&mut c.qe_identity_issuer_chain, f)),
        ("qe_identity", |c, f| text(&mut c.qe_identity, f)),
        ("qe_identity_signature", |c, f| f(&mut c.qe_identity_signature)),
    ];
    let changed = |(name, part): &Part| {
        let mut copy = of.clone();
        part(&mut copy, &change);
        (*name, copy)
    };
    parts.iter().map(changed).collect()
}

#[test]
fn collateral_without_one_of_its_parts_is_refused() {
    for sample in [sgx(), tdx(), td15()] {
        for (part, collateral) in every_part(&sample.collateral, Vec::clear) {
            let outcome = intel(lenient()).verify(&sample.quote, &collateral, sample.now);
            assert!(outcome.is_err(), "{} without {part}", sample.name);
        }
    }
}

static SAMPLES: LazyLock<[Sample; 3]> = LazyLock::new(|| [sgx(), tdx(), td15()]);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The certificates are text: white space and the unused root may change without changing what is said.
    #[test]
    fn a_quote_with_changed_bytes_is_refused_or_says_the_same(
        which in 0usize..3, at in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let sample = &SAMPLES[which];
        let honest = intel(lenient()).verify(&sample.quote, &sample.collateral, sample.now).unwrap();
        let mut quote = sample.quote.clone();
        *at.get_mut(&mut quote) ^= 1 << bit;
        if let Ok(mut found) = intel(lenient()).verify(&quote, &sample.collateral, sample.now) {
            found.evidence = honest.evidence; // the hash of the bytes as they came
            prop_assert_eq!(found, honest);
        }
    }

    #[test]
    fn collateral_with_changed_bytes_is_refused_or_says_the_same(
        which in 0usize..3, at in any::<prop::sample::Index>(), bit in 0u8..7,
    ) {
        let sample = &SAMPLES[which];
        let honest = intel(lenient()).verify(&sample.quote, &sample.collateral, sample.now).unwrap();
        let changed = every_part(&sample.collateral, |part| *at.get_mut(part) ^= 1 << bit);
        for (part, collateral) in changed {
            if let Ok(found) = intel(lenient()).verify(&sample.quote, &collateral, sample.now) {
                prop_assert_eq!(&found, &honest, "{}", part);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = caplet_attest::read(&bytes);
    }
}
