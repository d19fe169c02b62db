//! What a side refuses, and what the other should do.

use crate::JournalError;
use caplet_protocol::{Lane, LeaseId};
use thiserror::Error;

/// A message that is not taken. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Another lease or lane.
    #[error(
        "the message is for lane {lane} of lease {lease}, this session is for lane {own_lane} of lease {own_lease}: open a session for it"
    )]
    OtherLane {
        /// The message's lease.
        lease: LeaseId,
        /// The message's lane.
        lane: Lane,
        /// The session's lease.
        own_lease: LeaseId,
        /// The session's lane.
        own_lane: Lane,
    },
    /// The lane's key did not sign it.
    #[error(
        "the lane's key did not sign this under this chain's domain: sign the layout with the registered key"
    )]
    BadSignature,
    /// The hello answers another challenge or names other endpoints.
    #[error(
        "the hello answers another challenge or another connection: answer the one of this connection"
    )]
    OtherConnection,
    /// A session of the same or a later epoch was there already.
    #[error("session epoch {epoch} is not above {last}: take a larger one")]
    OldEpoch {
        /// The message's epoch.
        epoch: u64,
        /// The last one.
        last: u64,
    },
    /// Messages out of turn.
    #[error("{got} came where {expected} is due: challenge, hello, resume, meter, in this order")]
    OutOfTurn {
        /// What came.
        got: &'static str,
        /// What is due.
        expected: &'static str,
    },
    /// Chain fields that do not agree.
    #[error("a voucher has no chain fields, or 1 to 1,024 links of at least one base unit each")]
    Malformed,
    /// A link that does not lead to the anchor.
    #[error("link {k} does not lead to the anchor of the chain: reveal the links of that voucher")]
    BadLink {
        /// Its number.
        k: u16,
    },
    /// A tick of a chain that is not here.
    #[error(
        "the tick extends a voucher of {amount}, the best one here is of {best}: send the voucher first"
    )]
    UnknownChain {
        /// The tick's voucher.
        amount: u128,
        /// The best voucher's amount.
        best: u128,
    },
    /// More than the lane can pay.
    #[error("the statement is worth {worth}, the lane's cap is {cap}: sign for at most the cap")]
    OverCap {
        /// Its worth.
        worth: u128,
        /// The cap.
        cap: u64,
    },
    /// The QoS report is another.
    #[error("the QoS report is not the one whose digest the voucher carries: send that one")]
    OtherReport,
    /// The lane has ended.
    #[error("the lane has ended: nothing is counted or paid on it any more")]
    Ended,
    /// The lane's key is elsewhere and has not signed yet.
    #[error("the lane's key has not signed yet: ask again for the same")]
    Signing,
    /// The state could not be stored, so it was not taken.
    #[error("not taken because it could not be stored: {0}")]
    Journal(#[from] JournalError),
}
