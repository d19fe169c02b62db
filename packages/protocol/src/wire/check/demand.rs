//! Demand profiles.

use super::{MAX_NAME, MAX_UNIT, cost, kind, tags, text};
use crate::wire::{
    DemandProfile, FieldError, LanePreference, Problem, Requirement, Schema, Weights, field::In,
};

impl DemandProfile {
    /// Whether every field is in the range that its `.proto` comment states.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        let at = In(Self::NAME);
        at.at_least("not_after", self.not_after, 1)?;
        kind(at, self.kind)?;
        text(at, "resource", &self.resource, MAX_NAME)?;
        text(at, "unit", &self.unit, MAX_UNIT)?;
        at.at_least("quantity", self.quantity, 1)?;
        cost(at.present("limit", self.limit.as_ref())?)?;
        self.qos.as_ref().map_or(Ok(()), requirement)?;
        self.weights.as_ref().map_or(Ok(()), weights)?;
        tags(at, &self.tags)?;
        at.at_most("deadline", self.deadline, self.not_after)?;
        match LanePreference::try_from(self.lane) {
            Ok(_) => Ok(()),
            Err(_) => Err(at.fail("lane", Problem::Unknown { found: self.lane.into() })),
        }
    }
}

fn requirement(qos: &Requirement) -> Result<(), FieldError> {
    let at = In(Requirement::NAME);
    at.at_most("min_accuracy_ppm", qos.min_accuracy_ppm.into(), 1_000_000)?;
    at.at_most("min_reliability_bps", qos.min_reliability_bps.into(), 10_000)
}

fn weights(weights: &Weights) -> Result<(), FieldError> {
    let at = In(Weights::NAME);
    at.u16("rho", weights.rho)?;
    at.u16("lambda", weights.lambda).map(|_| ())
}
