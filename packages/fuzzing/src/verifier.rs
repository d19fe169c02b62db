//! The voucher verifier: it accepts what the lane's key signed, and nothing else.

use caplet_api::packed::VoucherItem;
use caplet_base::signature::{Claim, which_hold};
use caplet_protocol::layout::PublicKey;
use caplet_protocol::{Domain, sign};
use cosmwasm_std::testing::MockApi;
use ed25519_dalek::SigningKey;

/// Key and domain of the lane.
fn lane() -> (SigningKey, Domain) {
    (SigningKey::from_bytes(&[1; 32]), Domain([7; 32]))
}

/// Vouchers as they come. Each is verified as the contract does it, in a batch; then its honest twin, and
/// the twin with one bit changed.
pub(crate) fn verifier(bytes: &[u8]) {
    let Ok(items) = VoucherItem::unpack(bytes, 8) else { return };
    let (key, domain) = lane();
    let public = key.verifying_key().to_bytes();
    let mut expected = Vec::new();
    let mut claims = Vec::new();
    for item in &items {
        let message = item.voucher.preimage(&domain);
        let honest = sign::sign(&key, &message);
        // which bit is as good as random: it follows from the signature that came
        let [at, bit, ..] = item.signature;
        let mut spoilt = honest;
        if let Some(byte) =
            usize::from(at).checked_rem(honest.len()).and_then(|at| spoilt.get_mut(at))
        {
            *byte ^= 1 << (bit % 8);
        }
        for signature in [item.signature, honest, spoilt] {
            // the registry admits only keys for which strict verification and the chain's agree
            expected.push(sign::verify(&public, &message, &signature));
            claims.push((message, signature));
        }
        assert!(sign::verify(&public, &message, &honest));
        assert!(!sign::verify(&public, &message, &spoilt), "a changed signature holds");
        // a walk is bounded, whatever is claimed
        if item.voucher.is_well_formed() {
            let _ = item.voucher.proves(&domain, item.k, &item.link);
        }
    }
    let claims: Vec<Claim<'_>> = claims
        .iter()
        .map(|(message, signature)| Claim { message, signature, key: PublicKey::ed25519(public) })
        .collect();
    assert_eq!(which_hold(&MockApi::default(), &claims), expected);
}
