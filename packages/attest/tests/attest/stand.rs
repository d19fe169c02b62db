//! A synthetic enclave on a test network.

use caplet_attest::produce::QuoteProducer as _;
use caplet_attest::session::EnclavePublic;
use caplet_attest::testroot::{Platform, TestEnclave, TestRoot};
use caplet_attest::{AttestError, Collateral, Network, Policy, Trust, Verified, Verifier};
use caplet_protocol::{DeviceId, Domain, layout::QuoteBinding};

/// 2026-01-01.
pub(crate) const ISSUED: u64 = 1_767_225_600;

pub(crate) struct Stand {
    pub(crate) enclave: TestEnclave,
    pub(crate) collateral: Collateral,
}

pub(crate) fn test_net() -> Network {
    Network { chain: "caplet-local-1".into(), test: true }
}

pub(crate) fn test_policy() -> Policy {
    Policy { test: true, ..Policy::default() }
}

pub(crate) fn registry() -> Domain {
    Domain([3; 32])
}

pub(crate) fn binding(keys: EnclavePublic) -> QuoteBinding {
    let EnclavePublic { sealing, signing } = keys;
    QuoteBinding { device: DeviceId(7), sealing, signing, height: 1234, block: [9; 32] }
}

pub(crate) fn keys() -> EnclavePublic {
    EnclavePublic { sealing: [1; 32], signing: [2; 32] }
}

impl Stand {
    pub(crate) fn new(platform: Platform) -> Self {
        let root = TestRoot::generate(ISSUED, platform).unwrap();
        let collateral = root.collateral().unwrap();
        Self { enclave: TestEnclave { root, mr_enclave: [0xC0; 32], debug: false }, collateral }
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::Test(self.enclave.root.certificate())
    }

    pub(crate) fn verifier(&self, policy: Policy) -> Verifier {
        Verifier::new(self.trust(), policy, &test_net()).unwrap()
    }

    pub(crate) fn quote(&self, binding: &QuoteBinding) -> Vec<u8> {
        self.enclave.quote(&binding.report_data(&registry())).unwrap()
    }

    /// A quote for [`keys`], judged a day after the issue.
    pub(crate) fn judge(&self, policy: Policy) -> Result<Verified, AttestError> {
        let binding = binding(keys());
        let quote = self.quote(&binding);
        let now = ISSUED + 86_400;
        self.verifier(policy).verify_bound(&quote, &self.collateral, now, &binding, &registry())
    }
}
