//! The hello: made by the consumer, checked by the provider.

use crate::end::End;
use crate::lease::LeaseView;
use crate::link::{Key, Link, LinkError};
use caplet_protocol::{
    content,
    layout::{SessionHello, Voucher},
    wire::{Challenge, Hello, Layout as _, SessionEnd, Signed, SignedVoucher},
};
use ed25519_dalek::SigningKey;

/// Version of the session protocol.
pub const VERSION: u32 = 1;

/// Label under which keying material is exported.
const LABEL: &[u8] = b"EXPORTER-caplet-session";

/// The chain's predicate for ed25519 (ZIP-215), which keepers verify with.
pub fn zip215(key: &[u8; 32], preimage: &[u8], signature: &[u8; 64]) -> bool {
    ed25519_zebra::VerificationKey::try_from(*key)
        .and_then(|key| key.verify(&ed25519_zebra::Signature::from(*signature), preimage))
        .is_ok()
}

/// Who signs a consumer's hellos: a device's lane key, or a key it granted the dial scope.
pub trait HelloSigner: Send + Sync + 'static {
    /// The key.
    fn key(&self) -> Key;
    /// Its signature over a hello, and nothing else.
    fn sign(&self, hello: SessionHello, lease: &LeaseView) -> Signed<SessionHello>;
}

impl HelloSigner for SigningKey {
    fn key(&self) -> Key {
        self.verifying_key().to_bytes()
    }

    fn sign(&self, hello: SessionHello, lease: &LeaseView) -> Signed<SessionHello> {
        hello.sign(&lease.escrow, self)
    }
}

/// Answers a challenge.
///
/// # Errors
/// [`LinkError::Exporter`].
pub(crate) fn answer(
    link: &dyn Link,
    challenge: &Challenge,
    lease: &LeaseView,
    epoch: u32,
    best: Option<SignedVoucher>,
    signer: &dyn HelloSigner,
) -> Result<Hello, LinkError> {
    let nonce = challenge.nonce.as_slice().try_into();
    let nonce: [u8; 32] =
        nonce.map_err(|_| LinkError::gone("the provider's challenge has no 32 bytes"))?;
    let voucher = best.as_ref().and_then(|best| Signed::<Voucher>::try_from(best).ok());
    let (revealed, shown) = best
        .as_ref()
        .and_then(|best| best.revealed_link().ok().flatten())
        .unwrap_or((0, [0; 32]));
    let hello = SessionHello {
        lease: lease.lease,
        lane: lease.lane,
        revealed,
        epoch,
        consumer: link.local(),
        provider: link.peer(),
        nonce,
        exporter: link.export(LABEL, &nonce)?,
        best: voucher.map_or([0; 32], |v| content::digest(&v.layout.preimage(&lease.escrow))),
        link: shown,
    };
    Ok(Hello::new(&signer.sign(hello, lease), signer.key(), best))
}

/// Checks a hello against the connection it came on and the lease it is for.
///
/// # Errors
/// [`End`] with [`SessionEnd::Refused`], naming what does not hold.
pub(crate) fn check(
    link: &dyn Link,
    nonce: &[u8; 32],
    hello: &Hello,
    lease: &LeaseView,
) -> Result<(), End> {
    let (signed, signer) = hello.statement(&lease.escrow).map_err(|e| refused(&e.to_string()))?;
    let said = &signed.layout;
    let exporter = link.export(LABEL, nonce).map_err(|e| refused(&e.to_string()))?;
    let holds = |what: bool, words: &str| if what { Ok(()) } else { Err(refused(words)) };
    holds(said.lane == lease.lane, "it names another lane than the lease's")?;
    holds(said.nonce == *nonce, "it answers another challenge")?;
    holds(said.exporter == exporter, "it was made for another connection")?;
    holds(said.consumer == link.peer(), "it names another endpoint than the one that connects")?;
    holds(said.provider == link.local(), "it is meant for another gateway")?;
    holds(
        lease.consumer.endpoints.contains(&said.consumer),
        "the consumer has not granted this endpoint to dial: let the device grant it",
    )?;
    holds(
        lease.provider.endpoints.contains(&said.provider),
        "the provider has not granted this endpoint to accept: let the device grant it",
    )?;
    holds(
        lease.signers.contains(&signer),
        "its key neither pays the lease nor was granted the dial scope",
    )?;
    holds(signed.verify(&lease.escrow, &signer, &zip215), "its signature does not verify")
}

fn refused(words: &str) -> End {
    End::new(SessionEnd::Refused, format!("the hello is refused: {words}"))
}
