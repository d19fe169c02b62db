//! A device lets a gateway key act for it.

use super::{LocalDevice, Registrar, bad_signature};
use crate::bridge::{Refuse, is_signed};
use caplet_api::common::Key;
use caplet_api::registry::{ExecuteMsg, GrantInput};
use caplet_chain::Msg;
use caplet_protocol::{
    layout::Grant,
    wire::{Opened, Signed, SignedGrant},
};

impl Registrar {
    /// The message that records a grant of `device`, once its signature holds.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) fn grant(&self, device: &LocalDevice, opened: &Opened) -> Result<Msg, Refuse> {
        let signed = Signed::<Grant>::try_from(opened.read::<SignedGrant>()?.view())?;
        let said = signed.layout;
        if said.device != device.id || !is_signed(&signed, &self.domain, &device.key) {
            return Err(bad_signature("grant"));
        }
        let grant = GrantInput {
            device: device.id,
            delegate: Key { scheme: said.delegate.scheme(), key: said.delegate.key().into() },
            scopes: said.scopes,
            spend_cap: said.spend_cap.into(),
            not_after: said.not_after.into(),
            epoch: said.epoch,
            signature: signed.signature.into(),
        };
        let registry = &self.context.deployment.contracts.registry;
        Msg::execute(registry, &ExecuteMsg::Grant { grants: vec![grant] })
            .map_err(|e| Refuse::internal(&e.into()))
    }
}
