//! What an audience is told while the scenario runs.

use caplet_api::event::{
    EpochCleared, EpochLapsed, LeaseClosed, LeaseRated, LeaseServed, LeasesOpened, OfferTaken,
    PriceMoved, Settled, SuspensionChanged,
};
use caplet_chain::Event;
use caplet_protocol::{DeviceId, LeaseId};
use caplet_simulator::Told;
use std::sync::Arc;

/// Something worth telling.
#[derive(Clone, Debug)]
pub enum Happening {
    /// A step of the set-up or the end.
    Step(String),
    /// A device was made to misbehave.
    Trouble(String),
    /// A device said something.
    Device(Told),
    /// An application read a leased sensor.
    Reading(Reading),
    /// A batch cleared.
    Cleared(EpochCleared),
    /// A batch passed uncleared.
    Lapsed(EpochLapsed),
    /// Leases opened.
    Opened(LeasesOpened),
    /// An offer was taken in the instant lane.
    Taken(OfferTaken),
    /// Vouchers were redeemed.
    Settled(Settled),
    /// A lease is over.
    Closed(LeaseClosed),
    /// A member of a pool serves a lease.
    Served(LeaseServed),
    /// A base price moved.
    Price(PriceMoved),
    /// A lease was rated.
    Rated(LeaseRated),
    /// A device was suspended or reinstated.
    Suspension(SuspensionChanged),
}

impl Happening {
    /// The happening in a chain event, if it is one worth telling.
    #[must_use]
    pub fn read(event: &Event) -> Option<Self> {
        let name = event.ty.strip_prefix("wasm-")?;
        match name {
            EpochCleared::NAME => EpochCleared::try_from(event).ok().map(Self::Cleared),
            EpochLapsed::NAME => EpochLapsed::try_from(event).ok().map(Self::Lapsed),
            LeasesOpened::NAME => LeasesOpened::try_from(event).ok().map(Self::Opened),
            OfferTaken::NAME => OfferTaken::try_from(event).ok().map(Self::Taken),
            Settled::NAME => Settled::try_from(event).ok().map(Self::Settled),
            LeaseClosed::NAME => LeaseClosed::try_from(event).ok().map(Self::Closed),
            LeaseServed::NAME => LeaseServed::try_from(event).ok().map(Self::Served),
            PriceMoved::NAME => PriceMoved::try_from(event).ok().map(Self::Price),
            LeaseRated::NAME => LeaseRated::try_from(event).ok().map(Self::Rated),
            SuspensionChanged::NAME => {
                SuspensionChanged::try_from(event).ok().map(Self::Suspension)
            }
            _ => None,
        }
    }
}

/// What an application read of a leased sensor.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The lease.
    pub lease: LeaseId,
    /// The device beside which the application runs.
    pub consumer: String,
    /// The device whose sensor it is.
    pub provider: DeviceId,
    /// What is measured, by its SenML name.
    pub name: String,
    /// SenML unit of the value.
    pub unit: String,
    /// The value.
    pub value: f64,
}

/// Who listens.
pub type Teller = Arc<dyn Fn(Happening) + Send + Sync>;
