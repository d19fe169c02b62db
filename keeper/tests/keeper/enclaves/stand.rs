//! A device with an enclave on a chain that is marked as test.

use super::service::{Published, publish};
use crate::money::stage::{ADMIN, Device, PROVIDER, Stage, signer, until};
use caplet::config::Config;
use caplet::deploy::{AttestSpec, Spec};
use caplet::keeper::Keeper;
use caplet::tasks::Group;
use caplet_api::attest::RootInput;
use caplet_api::registry::{EnclaveInput, EnclaveResponse, ExecuteMsg, QueryMsg};
use caplet_attest::produce::QuoteProducer as _;
use caplet_attest::session::EnclaveKeys;
use caplet_attest::testroot::{Platform, TestEnclave, TestRoot};
use caplet_chain::{Chain as _, ChainExt as _};
use caplet_protocol::layout::{EnclaveStatement, QuoteBinding};
use caplet_protocol::{Domain, sign};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A day before the chain's first block.
const ISSUED: u64 = 1_763_712_000 - 86_400;
pub(super) const DAY: u64 = 86_400;

/// A chain, a device of gateway 1, its enclave, and where its collateral is published.
pub(super) struct Stand {
    pub(super) stage: Stage,
    pub(super) device: Device,
    pub(super) enclave: TestEnclave,
    pub(super) keys: EnclaveKeys,
    pub(super) published: Published,
    pccs: String,
    pub(super) folder: tempfile::TempDir,
    tasks: Group,
}

impl Stand {
    /// The contract's root is the test root; it has this weight among attesters, 0 for none.
    pub(super) async fn new(weight: u8) -> Self {
        let root = TestRoot::generate(ISSUED, Platform::default()).unwrap();
        let certificate = root.certificate();
        let enclave = TestEnclave { root, mr_enclave: [0xC0; 32], debug: false };
        let stage = Stage::running_with(|spec: &mut Spec| {
            let until = ISSUED + 1_000 * DAY;
            let attest = AttestSpec::intel(until);
            let root =
                RootInput { test: Some(certificate.clone().into()), not_after: until.into() };
            spec.attest = Some(AttestSpec { root, weight, ..attest });
            for market in &mut spec.markets {
                market.tags = vec![format!("mr/{}", enclave.measurement())];
            }
        })
        .await;
        let (tasks, folder) = (Group::new("collateral"), tempfile::tempdir().unwrap());
        let published: Published = Arc::new(Mutex::new(Some(enclave.root.collateral().unwrap())));
        let pccs = publish(&published, &tasks).await;
        std::fs::write(folder.path().join("root.der"), &certificate).unwrap();
        std::fs::write(folder.path().join("policy.json"), br#"{"test": true}"#).unwrap();
        let device = stage.device(20, PROVIDER, 1).await;
        let keys = EnclaveKeys::generate().unwrap();
        Self { stage, device, enclave, keys, published, pccs, folder, tasks }
    }

    pub(super) fn registry(&self) -> &str {
        &self.stage.deployment.contracts.registry
    }

    pub(super) async fn domain(&self) -> Domain {
        self.stage.domain(self.registry()).await
    }

    /// Registers the enclave, and has it make its quote, which lies in the folder of gateway 1 then.
    pub(super) async fn register(&self, sequence: u64) {
        let (device, domain) = (self.device.id, self.domain().await);
        let public = self.keys.public();
        let (sealing, signing) = (public.sealing, public.signing);
        let statement = EnclaveStatement { device, sequence, sealing, signing };
        let input = EnclaveInput {
            device,
            sequence: sequence.into(),
            sealing: sealing.into(),
            signing: signing.into(),
            signature: sign::sign(&self.device.secret, &statement.preimage(&domain)).into(),
            consent: self.keys.consent(device, sequence, &domain).into(),
        };
        self.stage.execute(PROVIDER, self.registry(), &ExecuteMsg::RegisterEnclave(input)).await;
        let height = self.found().await.height.u64();
        let block = self.stage.chain.block_hash(height).await.unwrap();
        self.put_quote(QuoteBinding { device, sealing, signing, height, block }, sequence).await;
    }

    /// Puts a quote that says this into the folder.
    pub(super) async fn put_quote(&self, binding: QuoteBinding, sequence: u64) {
        let quote = self.enclave.quote(&binding.report_data(&self.domain().await)).unwrap();
        std::fs::create_dir_all(self.quotes()).unwrap();
        std::fs::write(self.quotes().join(format!("{}-{sequence}.quote", binding.device)), quote)
            .unwrap();
    }

    pub(super) fn quotes(&self) -> PathBuf {
        self.folder.path().join("quotes")
    }

    /// Has governance believe a gateway's keeper this much.
    pub(super) async fn appoint(&self, gateway: u8, weight: u8) {
        let attester = signer(10 + gateway).address().to_owned();
        let msg = ExecuteMsg::SetAttester { attester, weight };
        self.stage.execute(ADMIN, self.registry(), &msg).await;
    }

    /// A keeper that attests, with the quotes at hand.
    pub(super) async fn attester(&self, gateway: u8, change: impl FnOnce(&mut Config)) -> Keeper {
        let (data, quotes) = (self.folder.path().join(gateway.to_string()), self.quotes());
        let keeper = self.stage.keeper(gateway, |config| {
            config.data = data;
            config.roles.attester = true;
            config.roles.matcher = false;
            config.attest.pccs = self.pccs.clone();
            config.attest.quotes = quotes;
            config.attest.policy = Some(self.folder.path().join("policy.json"));
            config.attest.test_root = Some(self.folder.path().join("root.der"));
            config.attest.test_network = true;
            change(config);
        });
        keeper.await
    }

    pub(super) async fn found(&self) -> EnclaveResponse {
        let ask = QueryMsg::Enclave { device: self.device.id };
        self.stage.chain.query(self.registry(), &ask).await.unwrap()
    }

    pub(super) async fn attested(&self) -> u64 {
        until("the device to be attested", async || self.found().await.attested_until).await.u64()
    }

    /// Lets days pass on chain.
    pub(super) async fn pass(&self, days: u64) {
        self.stage.chain.produce(Duration::from_secs(days * DAY)).await.unwrap();
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
