//! Capability profiles.

use super::{MAX_ADDRESS, MAX_NAME, MAX_UNIT, cost, kind, tags, text};
use crate::{
    Kind,
    wire::{
        Capability, CapabilityProfile, Capacity, Detail, FieldError, Problem, Quality, Reliability,
        Schema, detail::Of, field::In,
    },
};
use alloc::collections::BTreeSet;

/// Most capabilities of a device.
const MAX_CAPABILITIES: usize = 64;

impl CapabilityProfile {
    /// Whether every field is in the range that its `.proto` comment states.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        let at = In(Self::NAME);
        text(at, "name", &self.name, MAX_NAME)?;
        at.short("model", self.model.len(), MAX_NAME)?;
        text(at, "owner", &self.owner, MAX_ADDRESS)?;
        at.at_least("not_after", self.not_after, 1)?;
        at.short("capabilities", self.capabilities.len(), MAX_CAPABILITIES)?;
        let mut ids = BTreeSet::new();
        for capability in &self.capabilities {
            capability.check()?;
            if !ids.insert(capability.id) {
                let found = capability.id.into();
                return Err(In(Capability::NAME).fail("id", Problem::Repeated { found }));
            }
        }
        Ok(())
    }
}

impl Capability {
    /// Whether every field is in the range that its `.proto` comment states.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        let at = In(Self::NAME);
        at.at_least("id", self.id.into(), 1)?;
        let kind = kind(at, self.kind)?;
        text(at, "resource", &self.resource, MAX_NAME)?;
        text(at, "unit", &self.unit, MAX_UNIT)?;
        cost(at.present("price", self.price.as_ref())?)?;
        capacity(at.present("capacity", self.capacity.as_ref())?)?;
        self.quality.as_ref().map_or(Ok(()), quality)?;
        self.reliability.as_ref().map_or(Ok(()), reliability)?;
        tags(at, &self.tags)?;
        self.details.iter().try_for_each(|detail| of_kind(at, kind, detail))?;
        at.bytes_or_zero::<32>("attestation", &self.attestation).map(|_| ())
    }
}

fn capacity(capacity: &Capacity) -> Result<(), FieldError> {
    let at = In(Capacity::NAME);
    at.at_least("lots", capacity.lots.into(), 1)?;
    at.u16("lots", capacity.lots)?;
    at.u16("parallel", capacity.parallel).map(|_| ())
}

fn quality(quality: &Quality) -> Result<(), FieldError> {
    let at = In(Quality::NAME);
    at.at_most("accuracy_ppm", quality.accuracy_ppm.into(), 1_000_000)?;
    at.at_most("availability_bps", quality.availability_bps.into(), 10_000)
}

fn reliability(reliability: &Reliability) -> Result<(), FieldError> {
    let at = In(Reliability::NAME);
    at.at_most("delivered", reliability.delivered, reliability.leases)?;
    at.at_most("score_bps", reliability.score_bps.into(), 10_000)
}

/// A detail of a kind from the future passes: it is somebody else's to read.
fn of_kind(at: In, kind: Kind, detail: &Detail) -> Result<(), FieldError> {
    let own = match detail.of {
        None => return Ok(()),
        Some(Of::Compute(_)) => Kind::Compute,
        Some(Of::Sensor(_)) => Kind::Sensor,
        Some(Of::Bandwidth(_)) => Kind::Bandwidth,
        Some(Of::Storage(_)) => Kind::Storage,
        Some(Of::Hardware(_)) => Kind::Hardware,
    };
    if own == kind { Ok(()) } else { Err(at.fail("details", Problem::OtherKind)) }
}
