//! Vouchers of wallets and secure elements: ECDSA beside ed25519 in one batch.

use crate::suite::*;
use caplet_api::common::Key;
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg, ItemResult::*};
use caplet_api::packed::{INSTANT, OpenItem, VoucherItem};
use caplet_api::registry::{self, Registration};
use caplet_protocol::DeviceId;
use caplet_protocol::layout::{Closing, Possession, PublicKey, Scheme, owner_hash};
use cw_multi_test::IntoAddr;
use k256::ecdsa::signature::Signer;
use k256::ecdsa::{Signature, SigningKey};

/// Registers alice's wallet as a device and lets it commit her money.
fn wallet(suite: &mut Suite) -> (u32, SigningKey) {
    let key = SigningKey::from_slice(&[5; 32]).unwrap();
    let bytes = key.verifying_key().to_encoded_point(true).as_bytes().to_vec();
    let public = PublicKey::new(Scheme::Secp256k1, &bytes).unwrap();
    let owner = "alice".into_addr();
    let possession =
        Possession { key: public, sealing: [0; 32], owner: owner_hash(owner.as_str()) };
    let proof: Signature = key.sign(&possession.preimage(&suite.registry_domain));
    let input = Registration {
        key: Key { scheme: Scheme::Secp256k1, key: bytes.into() },
        sealing: None,
        owner: owner.into(),
        gateway: "gw1".into_addr().into(),
        proof: proof.to_bytes().to_vec().into(),
    };
    let msg = registry::ExecuteMsg::Register { devices: vec![input] };
    suite.tell_registry("relayer", &msg).unwrap();
    suite.authorise("alice", 5, UCAP, 100_000).unwrap();
    (5, key)
}

fn lease(suite: &mut Suite, device: u32) -> u64 {
    let terms = suite.terms();
    let item = OpenItem { flags: INSTANT, ..open_item(device, CAROL, 1_000, 1_007) };
    opened(suite.open(terms, &[item]).unwrap())[0]
}

#[test]
fn a_wallet_signs_vouchers_beside_devices() {
    let mut suite = Suite::funded();
    let (device, key) = wallet(&mut suite);
    let (wallets, devices) = (lease(&mut suite, device), lease(&mut suite, BOB));
    let sign = |amount| {
        let voucher = plain(wallets, amount);
        let signature: Signature = key.sign(&voucher.preimage(&suite.domain));
        let signature = signature.to_bytes().into();
        VoucherItem { voucher, k: 0, link: [0; 32], signature }
    };
    let mut forged = sign(900);
    forged.signature[40] ^= 1;
    let items = [sign(100), suite.voucher(BOB, devices, 50), forged, sign(300)];
    let paid = [(Paid, 100), (Paid, 50), (BadSignature, 0), (Paid, 200)];
    assert_eq!(suite.settle("gw1", &items), paid);
}

#[test]
fn a_wallets_statement_closes() {
    let mut suite = Suite::funded();
    let (device, key) = wallet(&mut suite);
    let wallets = lease(&mut suite, device);
    let reason = CloseReason::ConsumerClosed;
    let closing = Closing { lease: wallets.into(), reason: reason as u8 };
    let signature: Signature = key.sign(&closing.preimage(&suite.domain));
    let signature = Some(signature.to_bytes().to_vec().into());
    let input = CloseInput { lease: wallets.into(), reason, signature };
    suite.send("stranger", &ExecuteMsg::Close { items: vec![input] }).unwrap();
    assert_eq!(suite.lease(wallets).consumer, DeviceId(device));
}
