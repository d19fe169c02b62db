//! What is asked of a possession and a profile before they are kept.

use super::{LocalDevice, Registrar, enrolments, profiles};
use crate::bridge::{Refuse, is_signed};
use caplet_protocol::{
    layout::Possession,
    wire::{Opened, RefusalCode as Code, Signed, SignedCapabilityProfile, SignedPossession},
};

impl Registrar {
    /// Takes a possession. Returns the device, if its key is registered here already.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) async fn possession(&self, opened: &Opened) -> Result<Option<LocalDevice>, Refuse> {
        let document = opened.read::<SignedPossession>()?;
        let signed = Signed::<Possession>::try_from(document.view())?;
        if signed.layout.key.key() != opened.key {
            return Err(Refuse::new(
                Code::BadSignature,
                "the possession names another key than the one that signed its envelope",
                "send it with the key that is to be registered",
            ));
        }
        if !is_signed(&signed, &self.domain, &signed.layout.key) {
            return Err(bad_signature("possession"));
        }
        self.is_address(&document.view().owner)?;
        if let Some(device) = super::device::by_key(&self.context.store, &opened.key)
            .map_err(|e| Refuse::internal(&e))?
        {
            return Ok(Some(device));
        }
        enrolments::keep(&self.context.store, &opened.key, document.raw())
            .map_err(|e| Refuse::internal(&e))?;
        self.wake.notify_one();
        Ok(None)
    }

    /// Takes a capability profile.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) async fn profile(
        &self,
        device: &LocalDevice,
        opened: &Opened,
    ) -> Result<(), Refuse> {
        let (document, statement) = opened.read::<SignedCapabilityProfile>()?.view().open()?;
        let (profile, said) = (document.view(), &statement.layout);
        if said.device != device.id {
            return Err(Refuse::new(
                Code::NotPermitted,
                format!(
                    "the profile is device {}'s, the sender is device {}",
                    said.device, device.id
                ),
                "send your own profile",
            ));
        }
        if !is_signed(&statement, &self.domain, &device.key) {
            return Err(bad_signature("profile"));
        }
        profile.check()?;
        if profile.owner != device.owner {
            return Err(Refuse::new(
                Code::NotPermitted,
                format!(
                    "the profile names owner {}, registered is {}",
                    profile.owner, device.owner
                ),
                "name the registered owner",
            ));
        }
        let now = self.clock.now();
        if said.not_after <= now {
            return Err(Refuse::new(
                Code::Expired,
                format!("the profile ended at {}, it is {now}", said.not_after),
                "sign one that ends later",
            ));
        }
        let store = &self.context.store;
        let last = profiles::latest(store, device.id).map_err(|e| Refuse::internal(&e))?;
        if let Some(last) = last {
            let last = last.statement.layout;
            if last.digest == said.digest {
                return Ok(());
            }
            if said.sequence <= last.sequence {
                return Err(Refuse::new(
                    Code::Replay,
                    format!("profile sequence {} is not above {}", said.sequence, last.sequence),
                    "sign it with a higher sequence",
                ));
            }
        }
        let message = (opened.header.boot, opened.header.sequence);
        profiles::keep(store, &profiles::Kept { statement, message }, document.raw())
            .map_err(|e| Refuse::internal(&e))?;
        self.wake.notify_one();
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
        Ok(())
    }

    fn is_address(&self, owner: &str) -> Result<(), Refuse> {
        let prefix = self.context.chain.prefix();
        match bech32::decode(owner) {
            Ok((found, _)) if found.as_str() == prefix => Ok(()),
            _ => Err(Refuse::new(
                Code::OutOfRange,
                format!("\"{owner}\" is no address of this chain"),
                format!("name the owner by an address that begins with {prefix}1"),
            )),
        }
    }
}

pub(crate) fn bad_signature(what: &str) -> Refuse {
    Refuse::new(
        Code::BadSignature,
        format!("the {what} is not signed by the registered key for this chain"),
        "sign its layout under the domains that the enrolment names",
    )
}
