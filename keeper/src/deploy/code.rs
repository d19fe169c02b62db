//! Where the contracts' code comes from.

use anyhow::Context as _;
use caplet_chain::embedded::{Contract, ContractWrapper, NativeCode, native_wasm};
use cosmwasm_std::Empty;
use std::path::PathBuf;

/// Where the contracts' code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Linked into this binary, for the embedded chain.
    Native,
    /// A folder of optimised wasm files, as `scripts/build-wasm` makes it.
    Artifacts(PathBuf),
}

impl Codes {
    /// Bytes to store for a contract.
    ///
    /// # Errors
    /// If the artifact is not there.
    pub fn bytes(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Native => Ok(native_wasm(name)),
            Self::Artifacts(folder) => {
                let file = match name {
                    TOKEN => "cw20_base.wasm".to_owned(),
                    // the verifier itself is a crate of that name
                    "attest" => "caplet_attest_contract.wasm".to_owned(),
                    name => format!("caplet_{name}.wasm"),
                };
                let path = folder.join(file);
                std::fs::read(&path).with_context(|| {
                    format!("no artifact {}: run scripts/build-wasm first", path.display())
                })
            }
        }
    }
}

/// Name of the token's code.
pub(super) const TOKEN: &str = "token";

macro_rules! native {
    ($name:literal, $krate:ident) => {
        NativeCode {
            name: $name,
            build: || -> Box<dyn Contract<Empty>> {
                use $krate::contract::{execute, instantiate, migrate, query};
                Box::new(ContractWrapper::new(execute, instantiate, query).with_migrate(migrate))
            },
        }
    };
}

/// Futures hear which lease an exercise opened.
fn futures() -> Box<dyn Contract<Empty>> {
    use caplet_futures::contract::{execute, instantiate, migrate, query, reply};
    let wrapper = ContractWrapper::new(execute, instantiate, query);
    Box::new(wrapper.with_reply(reply).with_migrate(migrate))
}

/// The contracts linked into this binary; only the embedded chain calls them.
#[must_use]
pub fn native_codes() -> Vec<NativeCode> {
    vec![
        native!("registry", caplet_registry),
        native!("escrow", caplet_escrow),
        native!("reputation", caplet_reputation),
        native!("auction", caplet_auction),
        NativeCode { name: "futures", build: futures },
        native!("pool", caplet_pool),
        native!("attest", caplet_attest_contract),
        NativeCode {
            name: TOKEN,
            build: || -> Box<dyn Contract<Empty>> {
                use caplet_testkit::token::{execute, instantiate, query};
                Box::new(ContractWrapper::new(execute, instantiate, query))
            },
        },
    ]
}
