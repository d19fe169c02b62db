//! A provider with an enclave, its gateway outside that keeps all it sees, and a consumer.

use async_trait::async_trait;
use caplet_attest::produce::QuoteProducer as _;
use caplet_attest::session::{EnclaveKeys, EnclavePublic, Place, Sealed};
use caplet_attest::testroot::{Platform, TestEnclave, TestRoot};
use caplet_attest::{Measurement, Network, Policy, Trust, Verifier};
use caplet_fabric::Tariff;
use caplet_fabric::lease::LeaseView;
use caplet_fabric_enclave::{
    Accepted, Attestations, Attested, ENCLAVE, Enclave, EnclaveAdapter, Inside, SealedClient,
    Served,
};
use caplet_fabric_testkit::{Options, PROVIDER, World};
use caplet_protocol::{DeviceId, Domain, layout::QuoteBinding};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ISSUED: u64 = 1_767_225_600;
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Capitals, for a unit a byte.
pub(crate) fn capitals(input: &[u8]) -> (Vec<u8>, u64) {
    (input.to_ascii_uppercase(), input.len() as u64)
}

/// The registry after an attester has judged a quote; a test changes what it says.
#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) says: Mutex<Option<Attested>>,
}

#[async_trait]
impl Attestations for Registry {
    async fn attested(&self, device: DeviceId) -> Result<Attested, String> {
        assert_eq!(device, PROVIDER);
        self.says.lock().unwrap().ok_or_else(|| "its attestation has ended".to_owned())
    }
}

/// The provider's gateway outside the enclave: it passes everything on and keeps what it saw.
pub(crate) struct Outside<E> {
    pub(crate) enclave: E,
    pub(crate) seen: Mutex<Vec<u8>>,
    /// Does something else with what came, or with what goes back.
    pub(crate) mischief: Mutex<Mischief>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mischief {
    #[default]
    None,
    /// A bit of the output is changed.
    Changes,
    /// The output to the first input is given to every later one.
    Repeats,
    /// The units that it tells its own side are a thousand more.
    Charges,
}

#[async_trait]
impl<E: Enclave> Enclave for Outside<E> {
    async fn answer(
        &self,
        place: &Place,
        nonce: [u8; 32],
        exporter: [u8; 32],
    ) -> Result<[u8; 64], String> {
        self.enclave.answer(place, nonce, exporter).await
    }

    async fn serve(&self, place: &Place, op: u64, input: &Sealed) -> Result<Served, String> {
        let mut served = self.enclave.serve(place, op, input).await?;
        let output = &mut served.output;
        {
            let mut seen = self.seen.lock().unwrap();
            for part in [&input.key[..], &input.text, &output.sealed.key, &output.sealed.text] {
                seen.extend(part);
            }
        }
        match *self.mischief.lock().unwrap() {
            Mischief::None => {}
            Mischief::Changes => output.sealed.text[0] ^= 1,
            Mischief::Repeats => output.signature = [7; 64],
            Mischief::Charges => served.units += 1_000,
        }
        Ok(served)
    }
}

impl<E> Outside<E> {
    pub(crate) fn has_seen(&self, text: &[u8]) -> bool {
        let seen = self.seen.lock().unwrap();
        seen.windows(8).any(|seen| text.windows(8).any(|part| part == seen))
    }
}

type Job = fn(&[u8]) -> (Vec<u8>, u64);

pub(crate) struct Stand {
    pub(crate) world: Arc<World>,
    pub(crate) lease: LeaseView,
    pub(crate) outside: Arc<Outside<Inside<Job>>>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) measurement: Measurement,
}

impl Stand {
    /// The enclave's quote is made and judged as an attester judges it; what it proves is in the registry.
    pub(crate) fn new() -> Self {
        let inside = Inside::new(EnclaveKeys::generate().unwrap(), capitals as Job);
        let attested = judged(inside.public());
        let registry = Arc::new(Registry { says: Mutex::new(Some(attested)) });
        let (seen, mischief) = (Mutex::default(), Mutex::default());
        let outside = Arc::new(Outside { enclave: inside, seen, mischief });
        let world = World::new(Options::default());
        world.offer(Arc::new(EnclaveAdapter::new(Arc::clone(&outside) as _, 4)));
        let lease = world.lease(1, ENCLAVE);
        Self { world, lease, outside, registry, measurement: attested.measurement }
    }

    pub(crate) fn client(&self, accepted: Accepted) -> SealedClient {
        let client = self.world.client(&self.lease, Tariff::Accepted);
        SealedClient::new(client, Arc::clone(&self.registry) as _, accepted)
    }

    /// As the keeper makes it: nothing is paid before the enclave has answered.
    pub(crate) fn wary(&self, accepted: Accepted) -> SealedClient {
        let client = self.world.wary(&self.lease, Tariff::Accepted);
        SealedClient::new(client, Arc::clone(&self.registry) as _, accepted)
    }
}

/// What an attester finds of an enclave with these keys.
pub(crate) fn judged(keys: EnclavePublic) -> Attested {
    let root = TestRoot::generate(ISSUED, Platform::default()).unwrap();
    let (trust, collateral) = (Trust::Test(root.certificate()), root.collateral().unwrap());
    let enclave = TestEnclave { root, mr_enclave: [0xC0; 32], debug: false };
    let EnclavePublic { sealing, signing } = keys;
    let binding = QuoteBinding { device: PROVIDER, sealing, signing, height: 7, block: [9; 32] };
    let domain = Domain([3; 32]);
    let quote = enclave.quote(&binding.report_data(&domain)).unwrap();
    let policy = Policy { test: true, ..Policy::default() };
    let network = Network { chain: "caplet-local-1".into(), test: true };
    let verifier = Verifier::new(trust, policy, &network).unwrap();
    let found = verifier.verify_bound(&quote, &collateral, ISSUED + 60, &binding, &domain);
    Attested { keys, measurement: found.unwrap().measurement }
}
