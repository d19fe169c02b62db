//! Contract codes that are linked into the binary.

use cosmwasm_std::Empty;
use cw_multi_test::Contract;

/// What stands before a name in the bytes of a [`crate::Msg::Store`].
const MARK: &[u8] = b"caplet-native-code:";

/// A contract code by name.
#[derive(Clone, Copy)]
pub struct NativeCode {
    /// Name that [`native_wasm`] takes.
    pub name: &'static str,
    /// Makes the contract, usually a [`super::ContractWrapper`] around its entry points.
    pub build: fn() -> Box<dyn Contract<Empty>>,
}

impl std::fmt::Debug for NativeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NativeCode({})", self.name)
    }
}

/// The bytes that [`crate::Msg::Store`] takes on an embedded chain in place of a wasm module.
pub fn native_wasm(name: &str) -> Vec<u8> {
    [MARK, name.as_bytes()].concat()
}

/// The name in such bytes.
pub(super) fn name_of(wasm: &[u8]) -> Option<&str> {
    std::str::from_utf8(wasm.strip_prefix(MARK)?).ok()
}
