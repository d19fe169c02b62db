//! Whose replicas are taken: only of who serves the lease by the chain, for a lease of a pool, at a member of it.

use caplet_fabric::Service;
use caplet_fabric::lease::{FRESH, LeaseView, Party, seconds};
use caplet_fabric::link::Key;
use caplet_metering::ChainTime;
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeSet;
use std::time::Duration;

/// A lease with what must be known of it before a replica is taken, from chain state.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The lease; its provider is the device that serves it now.
    pub lease: LeaseView,
    /// The device that is to stand by.
    pub at: Party,
    /// Members of the pool that sold the lease; empty if none did.
    pub members: BTreeSet<DeviceId>,
    /// Chain time.
    pub now: ChainTime,
    /// How long ago the last block was seen.
    pub age: Duration,
}

/// Why a replica is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The chain is not followed now.
    #[error("no block was seen here for {0} s: come again")]
    Behind(u64),
    /// Nothing is stored on it.
    #[error("lease {lease} is of {service} and stores nothing: bring replicas of stores only")]
    NoStore {
        /// The lease.
        lease: LeaseId,
        /// What it is of.
        service: Service,
    },
    /// It has not begun, or is over.
    #[error("lease {lease} is not served at {now}: it runs from {start} to {end}")]
    NotDue {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds of chain time.
        now: u64,
        /// Its first second.
        start: u64,
        /// The one after its last.
        end: u64,
    },
    /// Another pool's, or none's.
    #[error("device {at} is no member of the pool of lease {lease}: bring it to one that is")]
    NoMember {
        /// Who is to stand by.
        at: DeviceId,
        /// The lease.
        lease: LeaseId,
    },
    /// Who serves keeps the store itself.
    #[error("device {at} serves lease {lease} itself: the chain has passed it on")]
    Serves {
        /// Who is to stand by.
        at: DeviceId,
        /// The lease.
        lease: LeaseId,
    },
    /// Not the gateway of who serves.
    #[error(
        "device {by} serves lease {lease} and has not granted this endpoint: only its gateway brings the replica"
    )]
    Stranger {
        /// The lease.
        lease: LeaseId,
        /// Who serves it.
        by: DeviceId,
    },
    /// Not the gateway of who is to stand by.
    #[error("device {at} has not granted this gateway: dial the one it has")]
    NotGranted {
        /// Who is to stand by.
        at: DeviceId,
    },
}

impl Standing {
    /// Passes if the gateway `peer` may bring the replica to the gateway `local`.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn admits(&self, peer: Key, local: Key) -> Result<(), NotTaken> {
        let (lease, at, by) = (self.lease.lease, self.at.device, self.lease.provider.device);
        if self.age > FRESH {
            return Err(NotTaken::Behind(self.age.as_secs()));
        }
        if self.lease.service != Service::STORE {
            return Err(NotTaken::NoStore { lease, service: self.lease.service });
        }
        if !self.lease.is_due(self.now) {
            let (start, end) = (self.lease.start, self.lease.end);
            return Err(NotTaken::NotDue { lease, now: seconds(self.now), start, end });
        }
        if !self.members.contains(&at) || !self.members.contains(&by) {
            return Err(NotTaken::NoMember { at, lease });
        }
        if at == by {
            return Err(NotTaken::Serves { at, lease });
        }
        if !self.lease.provider.endpoints.contains(&peer) {
            return Err(NotTaken::Stranger { lease, by });
        }
        if !self.at.endpoints.contains(&local) {
            return Err(NotTaken::NotGranted { at });
        }
        Ok(())
    }
}
