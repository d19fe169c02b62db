//! Contract events block by block, from where one left off.

use caplet_chain::{Chain, ChainError, Event, Head};

/// Blocks read one by one after a pause; a longer gap is not worth it, state is read instead.
const MAX_CATCH_UP: u64 = 1_000;

/// The chain's attribute that names the contract an event came from; contracts cannot set it.
const CONTRACT: &str = "_contract_address";

/// A place in the chain of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Follower {
    /// Last height whose events were handed out; `None` before the first.
    at: Option<u64>,
}

/// What happened since.
#[derive(Debug)]
pub(crate) enum Since {
    /// Events of the contracts asked for, in order, with the block up to which they reach.
    Events(Head, Vec<Event>),
    /// Some can no longer be read: read the state, which is at least as new as this block.
    Missed(Head),
}

impl Follower {
    /// Events of `contracts` since the last [`Follower::reached`]. Nothing is marked as handed out:
    /// whoever fails half-way gets the same again.
    ///
    /// # Errors
    /// If the chain cannot be asked.
    pub(crate) async fn since(
        &self,
        chain: &dyn Chain,
        contracts: &[&str],
    ) -> Result<Since, ChainError> {
        let head = chain.head().await?;
        let Some(at) = self.at.filter(|at| head.height.saturating_sub(*at) <= MAX_CATCH_UP) else {
            return Ok(Since::Missed(head));
        };
        let mut events = Vec::new();
        for height in at.saturating_add(1)..=head.height {
            match chain.block_events(height).await {
                Ok(all) => events.extend(all.into_iter().filter(|e| is_of(e, contracts))),
                Err(ChainError::Pruned { .. }) => return Ok(Since::Missed(head)),
                Err(error) => return Err(error),
            }
        }
        Ok(Since::Events(head, events))
    }

    /// Notes that everything up to `height` was dealt with.
    pub(crate) const fn reached(&mut self, height: u64) {
        self.at = Some(height);
    }

    /// Makes the next [`Follower::since`] say that events were missed.
    pub(crate) const fn lose(&mut self) {
        self.at = None;
    }
}

/// Block time in whole seconds, as contracts see it.
pub(crate) const fn seconds(head: Head) -> u64 {
    head.time_ns / 1_000_000_000
}

/// Whether an event came from one of these contracts. Its name alone proves nothing.
fn is_of(event: &Event, contracts: &[&str]) -> bool {
    let from = event.attributes.iter().find(|a| a.key == CONTRACT);
    from.is_some_and(|a| contracts.contains(&a.value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_by_the_contract_that_the_chain_names() {
        let event = |from: &str| Event::new("wasm-caplet_opened").add_attribute(CONTRACT, from);
        assert!(is_of(&event("escrow"), &["auction", "escrow"]));
        assert!(!is_of(&event("impostor"), &["auction", "escrow"]));
        assert!(!is_of(&Event::new("wasm-caplet_opened"), &["escrow"]));
    }
}
