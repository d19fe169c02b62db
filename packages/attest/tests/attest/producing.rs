//! Who makes quotes.

use caplet_attest::produce::{Gramine, NoEnclave, ProduceError, QuoteProducer};
use std::fs;

#[test]
fn without_an_enclave_there_is_no_quote_and_the_error_says_what_to_do() {
    let error = NoEnclave.quote(&[0; 64]).unwrap_err();
    assert!(matches!(error, ProduceError::NoEnclave));
    assert!(error.to_string().contains("gramine"));
}

#[test]
fn gramine_is_given_the_report_data_and_read_for_the_quote() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("attestation_type"), "dcap\n").unwrap();
    fs::write(file("quote"), b"a quote").unwrap();
    let quote = Gramine::new(folder.path()).quote(&[7; 64]).unwrap();
    assert_eq!(quote, b"a quote");
    assert_eq!(fs::read(file("user_report_data")).unwrap(), [7; 64]);
}

#[test]
fn gramine_without_dcap_and_no_gramine_at_all_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let gramine = Gramine::new(folder.path());
    assert!(
        matches!(gramine.quote(&[7; 64]), Err(ProduceError::File { path, .. }) if path.contains("attestation_type"))
    );
    fs::write(folder.path().join("attestation_type"), "epid").unwrap();
    assert!(
        matches!(gramine.quote(&[7; 64]), Err(ProduceError::Scheme { found }) if found == "epid")
    );
}
