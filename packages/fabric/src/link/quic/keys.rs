//! Raw public keys in TLS 1.3 (RFC 7250): the key is the identity, there is no certificate to parse.

use ed25519_dalek::SigningKey;
use quinn::Connection;
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer,
    UnixTime,
};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme, version::TLS13,
};
use std::sync::Arc;

/// DER before the 32 bytes of an ed25519 public key (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// DER before the 32 bytes of an ed25519 seed (RFC 8410).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// An endpoint's own key.
pub(super) struct Keys {
    pub(super) public: [u8; 32],
    certified: Arc<CertifiedKey>,
    provider: Arc<CryptoProvider>,
}

impl Keys {
    pub(super) fn of(secret: &[u8; 32]) -> Result<Self, Error> {
        let public = SigningKey::from_bytes(secret).verifying_key().to_bytes();
        let provider = Arc::new(ring::default_provider());
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from([&PKCS8[..], secret].concat()));
        let key = provider.key_provider.load_private_key(der)?;
        let spki = CertificateDer::from([&SPKI[..], &public].concat());
        Ok(Self { public, certified: Arc::new(CertifiedKey::new(vec![spki], key)), provider })
    }

    /// Takes any peer that proves an ed25519 key; who it is, the session decides.
    pub(super) fn server(&self, alpns: Vec<Vec<u8>>) -> Result<ServerConfig, Error> {
        let verifier = Arc::new(RawKey { wanted: None, provider: Arc::clone(&self.provider) });
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::clone(
                &self.certified,
            ))));
        config.alpn_protocols = alpns;
        Ok(config)
    }

    /// Takes only the peer with this key.
    pub(super) fn client(&self, wanted: [u8; 32], alpn: &[u8]) -> Result<ClientConfig, Error> {
        let provider = Arc::clone(&self.provider);
        let verifier = Arc::new(RawKey { wanted: Some(wanted), provider });
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(
                Arc::clone(&self.certified),
            )));
        config.alpn_protocols = vec![alpn.to_vec()];
        Ok(config)
    }
}

/// The key that the other end of a connection has proved.
pub(super) fn peer(connection: &Connection) -> Option<[u8; 32]> {
    let chain = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    of_spki(chain.first()?).ok()
}

fn of_spki(der: &[u8]) -> Result<[u8; 32], Error> {
    der.strip_prefix(&SPKI[..])
        .and_then(|key| key.try_into().ok())
        .ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))
}

#[derive(Debug)]
struct RawKey {
    wanted: Option<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl RawKey {
    fn check(&self, der: &[u8]) -> Result<(), Error> {
        let found = of_spki(der)?;
        match self.wanted {
            Some(wanted) if wanted != found => {
                Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            _ => Ok(()),
        }
    }

    fn signed(
        &self,
        message: &[u8],
        der: &[u8],
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms: &WebPkiSupportedAlgorithms =
            &self.provider.signature_verification_algorithms;
        let key = SubjectPublicKeyInfoDer::from(der);
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }
}

fn tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::PeerIncompatible(rustls::PeerIncompatible::Tls12NotOffered))
}

impl ServerCertVerifier for RawKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for RawKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        tls12()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, key, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
