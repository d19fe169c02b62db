//! A device changes its keys, with the consent of the old one.

use super::{LocalDevice, Registrar, bad_signature};
use crate::bridge::{Refuse, is_signed};
use caplet_api::common::Key;
use caplet_api::registry::{ExecuteMsg, RotateInput};
use caplet_chain::Msg;
use caplet_protocol::{
    layout::Rotation,
    wire::{Opened, RefusalCode as Code, Signed, SignedRotation},
};

impl Registrar {
    /// The message that rotates the keys of `device`, once both signatures hold.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) fn rotation(&self, device: &LocalDevice, opened: &Opened) -> Result<Msg, Refuse> {
        let document = opened.read::<SignedRotation>()?;
        let signed = Signed::<Rotation>::try_from(document.view())?;
        let old: Result<[u8; 64], _> = document.view().old_signature.as_slice().try_into();
        let Ok(old) = old else {
            return Err(Refuse::new(
                Code::OutOfRange,
                "the rotation has no signature of the old key",
                "sign it with both keys, or have the owner send it",
            ));
        };
        let said = signed.layout;
        let consent = Signed { layout: said, signature: old };
        if said.device != device.id
            || !is_signed(&signed, &self.domain, &said.key)
            || !is_signed(&consent, &self.domain, &device.key)
        {
            return Err(bad_signature("rotation"));
        }
        let rotate = RotateInput {
            device: device.id,
            epoch: said.epoch,
            key: Key { scheme: said.key.scheme(), key: said.key.key().into() },
            sealing: (said.sealing != [0; 32]).then(|| said.sealing.into()),
            proof: signed.signature.into(),
            consent: Some(old.into()),
            compromised: false,
        };
        let registry = &self.context.deployment.contracts.registry;
        Msg::execute(registry, &ExecuteMsg::Rotate(rotate)).map_err(|e| Refuse::internal(&e.into()))
    }
}
