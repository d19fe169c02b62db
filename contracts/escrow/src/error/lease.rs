//! States of leases that do not allow what is asked.

use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_protocol::LeaseId;
use thiserror::Error;

/// States of leases that do not allow what is asked.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// No such lease.
    #[error("there is no lease {lease}: look at the event that opened it")]
    UnknownLease {
        /// The lease.
        lease: LeaseId,
    },
    /// Nothing of the list is in a state that the message changes.
    #[error("lease {lease} is {state:?} already, there is nothing to {verb}: leave it out")]
    Already {
        /// The first of the list.
        lease: LeaseId,
        /// Where it stands.
        state: LeaseState,
        /// What was asked.
        verb: &'static str,
    },
    /// A reason that belongs to another message or cannot be given by hand.
    #[error(
        "{reason:?} is no reason to {verb} a lease: see the table of lease states for the message that gives it"
    )]
    WrongReason {
        /// As given.
        reason: CloseReason,
        /// What was asked.
        verb: &'static str,
    },
    /// A notice that would run past the end.
    #[error(
        "lease {lease} ends at {end}, a notice of {notice} s given at {now} would pass later: let it expire"
    )]
    NoticeTooLate {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        end: u64,
        /// Seconds.
        notice: u32,
        /// Unix seconds.
        now: u64,
    },
    /// Reclaiming without notice, or before it has passed.
    #[error(
        "lease {lease} may be reclaimed once its notice has passed: {until:?} if given, it is {now}"
    )]
    NoticeRunning {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds when it has passed; `None` if no notice was given.
        until: Option<u64>,
        /// Unix seconds.
        now: u64,
    },
    /// The registry does not show what the reason says.
    #[error("lease {lease}: the registry does not show {reason:?} for either of its devices")]
    NotProven {
        /// The lease.
        lease: LeaseId,
        /// As given.
        reason: CloseReason,
    },
    /// A lease that is not over.
    #[error("lease {lease} runs until {end}, it is {now}: poke it then")]
    NotOver {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        end: u64,
        /// Unix seconds.
        now: u64,
    },
    /// A lease that is not closing.
    #[error("lease {lease} is {state:?}: close it, or poke it after its end, before it is swept")]
    NotClosing {
        /// The lease.
        lease: LeaseId,
        /// Where it stands.
        state: LeaseState,
    },
    /// A settle window that has not passed.
    #[error(
        "lease {lease}: its settle window runs {secs} s and {blocks} blocks more: sweep it then"
    )]
    WindowOpen {
        /// The lease.
        lease: LeaseId,
        /// Seconds left.
        secs: u32,
        /// Blocks left.
        blocks: u32,
    },
    /// More items than a message may carry.
    #[error("{count} entries, at most {most} are taken: split the list")]
    TooMany {
        /// Given.
        count: usize,
        /// Taken.
        most: usize,
    },
    /// A message about nothing.
    #[error("the list is empty: name at least one entry")]
    Empty,
}
