//! A registry that has appointed the verifier, a device with an enclave, and a synthetic platform.

use caplet_api::attest::{
    CollateralInput, ExecuteMsg, InstantiateMsg, PolicyInput, QueryMsg, RootInput, VerifyInput,
};
use caplet_api::common::{DomainResponse, Key};
use caplet_api::registry as api;
use caplet_attest::Collateral;
use caplet_attest::produce::QuoteProducer as _;
use caplet_attest::testroot::{Platform, TestEnclave, TestRoot};
use caplet_protocol::layout::{
    EnclaveStatement, EndpointRecord, Possession, PublicKey, QuoteBinding, Scheme, owner_hash,
};
use caplet_protocol::{AccountId, DeviceId, Domain, content, sign};
use cosmwasm_std::{Addr, Binary, Event};
use cw_multi_test::{App, ContractWrapper, Executor, IntoAddr};
use ed25519_dalek::SigningKey;

pub(crate) type Outcome = Result<Vec<Event>, String>;

pub(crate) const BLOCK: [u8; 32] = [0xB1; 32];
const DEVICE: DeviceId = DeviceId(1);

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) registry: Addr,
    pub(crate) verifier: Addr,
    pub(crate) governance: Addr,
    pub(crate) domain: Domain,
    pub(crate) enclave: TestEnclave,
}

fn key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&content::digest(name.as_bytes()))
}

fn public(name: &str) -> [u8; 32] {
    key(name).verifying_key().to_bytes()
}

pub(crate) fn policy() -> PolicyInput {
    PolicyInput {
        statuses: vec!["SWHardeningNeeded".into()],
        refused_advisories: Vec::new(),
        least_evaluation: 0,
        grace_secs: 0u64.into(),
        smt: false,
        dynamic_platform: false,
        cached_keys: false,
        validity_secs: 86_400u64.into(),
    }
}

impl Suite {
    pub(crate) fn new() -> Self {
        Self::on(Platform::default())
    }

    pub(crate) fn on(platform: Platform) -> Self {
        let mut app = App::default();
        let governance = "governance".into_addr();
        use caplet_registry::contract as registry;
        let code = app.store_code(Box::new(ContractWrapper::new(
            registry::execute,
            registry::instantiate,
            registry::query,
        )));
        let msg = api::InstantiateMsg { owner: None };
        let registry =
            app.instantiate_contract(code, governance.clone(), &msg, &[], "r", None).unwrap();
        let now = app.block_info().time.seconds();
        let root = TestRoot::generate(now, platform).unwrap();
        let enclave = TestEnclave { root, mr_enclave: [0xC0; 32], debug: false };
        use caplet_attest_contract::contract;
        let code = app.store_code(Box::new(
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_migrate(contract::migrate),
        ));
        let root = RootInput {
            test: Some(enclave.root.certificate().into()),
            not_after: (now + 20 * 86_400).into(),
        };
        let msg =
            InstantiateMsg { owner: None, registry: registry.to_string(), root, policy: policy() };
        let verifier =
            app.instantiate_contract(code, governance.clone(), &msg, &[], "v", None).unwrap();
        let domain: DomainResponse =
            app.wrap().query_wasm_smart(&registry, &api::QueryMsg::Domain {}).unwrap();
        let domain = Domain(domain.domain.to_array().unwrap());
        let mut suite = Self { app, registry, verifier, governance, domain, enclave };
        suite.appoint();
        suite.register();
        suite
    }

    fn tell_registry(&mut self, sender: &Addr, msg: &api::ExecuteMsg) {
        self.app.execute_contract(sender.clone(), self.registry.clone(), msg, &[]).unwrap();
    }

    fn appoint(&mut self) {
        let msg = api::ExecuteMsg::SetAttester { attester: self.verifier.to_string(), weight: 2 };
        self.tell_registry(&self.governance.clone(), &msg);
    }

    fn register(&mut self) {
        let (gateway, owner) = ("gw".into_addr(), "alice".into_addr());
        let (account, late) = (AccountId(1), self.now() + 1_000_000);
        let raw = b"quic://[::1]:4433".as_slice();
        let record = EndpointRecord {
            account,
            key: public("gw"),
            addresses: content::digest(raw),
            sequence: 1,
            not_after: late,
        };
        let endpoint = api::EndpointInput {
            key: public("gw").into(),
            addresses: raw.into(),
            sequence: 1u64.into(),
            not_after: late.into(),
            signature: sign::sign(&key("gw"), &record.preimage(&self.domain)).into(),
        };
        self.tell_registry(&gateway, &api::ExecuteMsg::RegisterGateway(endpoint));
        let possession = Possession {
            key: PublicKey::ed25519(public("lamp")),
            sealing: [0; 32],
            owner: owner_hash(owner.as_str()),
        };
        let device = api::Registration {
            key: Key { scheme: Scheme::Ed25519, key: public("lamp").into() },
            sealing: None,
            owner: owner.to_string(),
            gateway: gateway.to_string(),
            proof: sign::sign(&key("lamp"), &possession.preimage(&self.domain)).into(),
        };
        self.tell_registry(&gateway, &api::ExecuteMsg::Register { devices: vec![device] });
        self.register_enclave(1);
    }

    /// The same keys again, at the present height.
    pub(crate) fn register_enclave(&mut self, sequence: u64) {
        let (sealing, signing) = ([5; 32], public("enclave"));
        let statement = EnclaveStatement { device: DEVICE, sequence, sealing, signing };
        let preimage = statement.preimage(&self.domain);
        let input = api::EnclaveInput {
            device: DEVICE,
            sequence: sequence.into(),
            sealing: sealing.into(),
            signing: signing.into(),
            signature: sign::sign(&key("lamp"), &preimage).into(),
            consent: sign::sign(&key("enclave"), &preimage).into(),
        };
        self.tell_registry(&"gw".into_addr(), &api::ExecuteMsg::RegisterEnclave(input));
    }

    pub(crate) fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += 1;
        });
    }

    pub(crate) fn binding(&self) -> QuoteBinding {
        QuoteBinding {
            device: DEVICE,
            sealing: [5; 32],
            signing: public("enclave"),
            height: self.enclave_on_chain().height.u64(),
            block: BLOCK,
        }
    }

    /// A quote for a binding, with the platform's collateral.
    pub(crate) fn input(&self, binding: &QuoteBinding) -> VerifyInput {
        let quote = self.enclave.quote(&binding.report_data(&self.domain)).unwrap();
        let collateral = collateral(self.enclave.root.collateral().unwrap());
        VerifyInput { device: DEVICE, block: BLOCK.into(), quote: quote.into(), collateral }
    }

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let (before, config) = (self.app.dump_wasm_raw(&self.verifier), self.config());
        let sent = self.app.execute_contract(sender.into_addr(), self.verifier.clone(), msg, &[]);
        let now = self.config();
        // the invariants of docs/contracts/attest.md
        assert_eq!((&now.root, now.test), (&config.root, config.test), "the root changed");
        assert!(now.root_list >= config.root_list, "an older revocation list is good again");
        match sent {
            Ok(done) => {
                Ok(done.events.into_iter().filter(|event| event.ty.starts_with("wasm-")).collect())
            }
            Err(error) => {
                assert_eq!(
                    self.app.dump_wasm_raw(&self.verifier),
                    before,
                    "a refusal changed state"
                );
                Err(error.to_string())
            }
        }
    }

    /// Sends an input as anyone.
    pub(crate) fn verify(&mut self, input: VerifyInput) -> Outcome {
        self.send("anyone", &ExecuteMsg::Verify(Box::new(input)))
    }

    pub(crate) fn enclave_on_chain(&self) -> api::EnclaveResponse {
        let ask = api::QueryMsg::Enclave { device: DEVICE };
        self.app.wrap().query_wasm_smart(&self.registry, &ask).unwrap()
    }

    pub(crate) fn config(&self) -> caplet_api::attest::ConfigResponse {
        self.app.wrap().query_wasm_smart(&self.verifier, &QueryMsg::Config {}).unwrap()
    }
}

pub(crate) fn collateral(of: Collateral) -> CollateralInput {
    CollateralInput {
        pck_crl_issuer_chain: of.pck_crl_issuer_chain,
        root_ca_crl: Binary::from(of.root_ca_crl),
        pck_crl: Binary::from(of.pck_crl),
        tcb_info_issuer_chain: of.tcb_info_issuer_chain,
        tcb_info: of.tcb_info,
        tcb_info_signature: Binary::from(of.tcb_info_signature),
        qe_identity_issuer_chain: of.qe_identity_issuer_chain,
        qe_identity: of.qe_identity,
        qe_identity_signature: Binary::from(of.qe_identity_signature),
        pck_certificate_chain: of.pck_certificate_chain,
    }
}

/// Asserts that a message was refused for this reason.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, reason: &str) {
    let error = outcome.expect_err("the message should have been refused");
    assert!(error.contains(reason), "refused for another reason: {error}");
}
