//! Which message the body of an envelope is.

use super::{self as wire, BodyKind, Schema};

/// A message that travels as the body of an envelope.
pub trait Body: Schema {
    /// Its kind, part of what the envelope's signature covers.
    const KIND: BodyKind;
}

macro_rules! bodies {
    ($($kind:ident: $message:ident,)*) => {
        $(impl Body for wire::$message {
            const KIND: BodyKind = BodyKind::$kind;
        })*

        impl BodyKind {
            /// Every kind with the full name of its message.
            pub const TABLE: &[(Self, &str)] = &[$((Self::$kind, wire::$message::NAME)),*];
        }
    };
}

bodies! {
    State: State,
    CapabilityProfile: SignedCapabilityProfile,
    DemandProfile: SignedDemandProfile,
    OfferOrder: SignedOffer,
    DemandOrder: SignedDemand,
    CancelOrder: SignedCancel,
    Proposal: Proposal,
    MarketSheet: MarketSheet,
    Voucher: SignedVoucher,
    Tick: Tick,
    Meter: Meter,
    Receipt: SignedReceipt,
    Closing: SignedClosing,
    QosReport: QosReport,
    Rating: Rating,
    LeaseNotice: LeaseNotice,
    ServiceCall: ServiceCall,
    ServiceResult: ServiceResult,
    Pause: Pause,
    LaneAsk: LaneAsk,
    LaneSignature: LaneSignature,
    Possession: SignedPossession,
    Enrolment: Enrolment,
    Rotation: SignedRotation,
    SealKey: SignedSealKey,
    Grant: SignedGrant,
    Endpoint: SignedEndpoint,
    Ack: Ack,
    Refusal: Refusal,
}
