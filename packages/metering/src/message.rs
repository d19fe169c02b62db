//! What the two sides say to each other. The fabric frames it.

use crate::Proof;
use caplet_protocol::{
    Lane, LeaseId,
    chain::Link,
    layout::{QosReport, SessionHello},
    sign::Signature,
};

/// Payee to payer, first on every connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Fresh and unpredictable.
    pub nonce: [u8; 32],
    /// The last session epoch of the lane that the payee knows; the next one must be larger.
    pub epoch: u64,
}

/// Payer to payee: answers the challenge and shows the best voucher it knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What is signed.
    pub hello: SessionHello,
    /// The lane key's signature over it.
    pub signature: Signature,
    /// The voucher whose digest the hello carries, with the payer's best link.
    pub best: Option<Proof>,
}

/// Payee to payer: what the payee knows, so that a payer restored from a backup catches up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The epoch it answers.
    pub epoch: u64,
    /// The best voucher here, with its best link.
    pub best: Option<Proof>,
    /// Units that the payee knows it has served, cumulative. After a crash of its own there may have been
    /// a few more, which it does not ask for: a payer that crashed too would pay for what it never had.
    pub served: u64,
    /// Base units that this payee serves on credit; 0 asks for payment ahead.
    pub credit: u128,
}

/// Payer to payee: units counted, cumulative. It answers a [`Resume`] and every [`crate::Pause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// Session epoch.
    pub epoch: u64,
    /// Units accepted by the receiving application.
    pub units: u64,
}

/// One link more of the best voucher's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// Amount of the voucher that carries the chain, which tells a late tick of an older chain.
    pub amount: u128,
    /// Number of the link, 1..=1024; links may be left out.
    pub k: u16,
    /// The link.
    pub link: Link,
}

/// Payer to payee: what is owed from now on. Cumulative, so a lost or repeated one harms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // it is sent, not kept
pub enum Statement {
    /// A voucher, with its best link where it is said again.
    Voucher {
        /// The voucher.
        proof: Proof,
        /// The report whose digest a lease's last voucher carries.
        report: Option<QosReport>,
    },
    /// A link.
    Tick(Tick),
}
