//! A quote is about one device, one pair of keys, one registration on one chain.

use crate::genuine::lenient;
use crate::samples::{intel, sgx};
use crate::stand::{ISSUED, Stand, binding, keys, registry, test_policy};
use caplet_attest::AttestError;
use caplet_attest::testroot::Platform;
use caplet_protocol::{DeviceId, Domain, layout::QuoteBinding};

#[test]
fn a_quote_made_for_a_registration_is_accepted_for_it() {
    assert!(Stand::new(Platform::default()).judge(test_policy()).is_ok());
}

#[test]
fn a_quote_for_another_device_other_keys_or_another_registration_is_refused() {
    let stand = Stand::new(Platform::default());
    let good = binding(keys());
    let others = [
        QuoteBinding { device: DeviceId(8), ..good },
        QuoteBinding { sealing: [5; 32], ..good },
        QuoteBinding { signing: [5; 32], ..good },
        QuoteBinding { height: 1235, ..good },
        QuoteBinding { block: [5; 32], ..good },
    ];
    let verifier = stand.verifier(test_policy());
    let quote = stand.quote(&good);
    for other in others {
        let outcome =
            verifier.verify_bound(&quote, &stand.collateral, ISSUED + 1, &other, &registry());
        assert!(matches!(outcome, Err(AttestError::Binding { .. })), "{other:?}");
    }
}

#[test]
fn a_quote_for_the_same_device_on_another_chain_is_refused() {
    let stand = Stand::new(Platform::default());
    let good = binding(keys());
    let quote = stand.quote(&good);
    let elsewhere = Domain([4; 32]);
    let verifier = stand.verifier(test_policy());
    let outcome = verifier.verify_bound(&quote, &stand.collateral, ISSUED + 1, &good, &elsewhere);
    assert!(matches!(outcome, Err(AttestError::Binding { .. })));
}

#[test]
fn a_real_quote_that_is_about_nobody_here_is_refused() {
    let sample = sgx();
    let outcome = intel(lenient()).verify_bound(
        &sample.quote,
        &sample.collateral,
        sample.now,
        &binding(keys()),
        &registry(),
    );
    assert!(matches!(outcome, Err(AttestError::Binding { .. })));
}

#[test]
fn report_data_that_carry_anything_beside_the_hash_are_refused() {
    use caplet_attest::produce::QuoteProducer as _;
    let stand = Stand::new(Platform::default());
    let good = binding(keys());
    let mut data = good.report_data(&registry());
    data[63] = 1;
    let quote = stand.enclave.quote(&data).unwrap();
    let verifier = stand.verifier(test_policy());
    let outcome = verifier.verify_bound(&quote, &stand.collateral, ISSUED + 1, &good, &registry());
    assert!(matches!(outcome, Err(AttestError::Binding { .. })));
}
