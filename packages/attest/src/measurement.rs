//! What an enclave is: one hash of the code and configuration that a report measures.

use core::fmt;
use core::str::FromStr;
use dcap_qvl::quote::{Report, TDReport10};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

/// Which kind of enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tee {
    /// Intel SGX: a part of a process.
    Sgx,
    /// Intel TDX: a virtual machine.
    Tdx,
}

/// SHA-256 over a label and everything that decides what runs: SGX: MRENCLAVE; TDX: MRTD, MRCONFIGID, MROWNER,
/// MROWNERCONFIG and RTMR 0 to 3. Written in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measurement(pub [u8; 32]);

impl Measurement {
    /// Of an SGX enclave.
    #[must_use]
    pub fn sgx(mr_enclave: &[u8; 32]) -> Self {
        Self::of(b"caplet/mrsgx/1\0\0", &[mr_enclave])
    }

    /// Of a report.
    pub(crate) fn report(report: &Report) -> Self {
        match report {
            Report::SgxEnclave(report) => Self::sgx(&report.mr_enclave),
            Report::TD10(report) => Self::tdx(report),
            Report::TD15(report) => Self::tdx(&report.base),
            Report::TD15Ex(report) => Self::tdx(&report.base.base),
        }
    }

    fn tdx(td: &TDReport10) -> Self {
        let fields: [&[u8]; 8] = [
            &td.mr_td,
            &td.mr_config_id,
            &td.mr_owner,
            &td.mr_owner_config,
            &td.rt_mr0,
            &td.rt_mr1,
            &td.rt_mr2,
            &td.rt_mr3,
        ];
        Self::of(b"caplet/mrtdx/1\0\0", &fields)
    }

    fn of(label: &[u8; 16], fields: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update(label);
        for field in fields {
            hash.update(field);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Measurement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut out = [0; 32];
        hex::decode_to_slice(text, &mut out).map_err(|error| {
            format!("{text} is no measurement ({error}): 64 hexadecimal digits")
        })?;
        Ok(Self(out))
    }
}

impl Serialize for Measurement {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Measurement {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
