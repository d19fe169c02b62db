//! Kinds and what prices are per.

use crate::{Kind, PricedPer, wire};

impl From<Kind> for wire::CapabilityKind {
    fn from(from: Kind) -> Self {
        match from {
            Kind::Compute => Self::Compute,
            Kind::Sensor => Self::Sensor,
            Kind::Bandwidth => Self::Bandwidth,
            Kind::Storage => Self::Storage,
            Kind::Hardware => Self::Hardware,
        }
    }
}

impl wire::CapabilityKind {
    /// The kind, if one is said.
    #[must_use]
    pub const fn known(self) -> Option<Kind> {
        Some(match self {
            Self::Unspecified => return None,
            Self::Compute => Kind::Compute,
            Self::Sensor => Kind::Sensor,
            Self::Bandwidth => Kind::Bandwidth,
            Self::Storage => Kind::Storage,
            Self::Hardware => Kind::Hardware,
        })
    }
}

impl From<PricedPer> for wire::PricedPer {
    fn from(from: PricedPer) -> Self {
        match from {
            PricedPer::Time => Self::Time,
            PricedPer::Data => Self::Data,
            PricedPer::Operation => Self::Operation,
        }
    }
}

impl wire::PricedPer {
    /// What it is per, if that is said.
    #[must_use]
    pub const fn known(self) -> Option<PricedPer> {
        Some(match self {
            Self::Unspecified => return None,
            Self::Time => PricedPer::Time,
            Self::Data => PricedPer::Data,
            Self::Operation => PricedPer::Operation,
        })
    }
}
