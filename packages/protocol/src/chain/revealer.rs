//! The payer's side of a chain: a link in at most 32 steps, with 32 links in memory.

use super::{Link, MAX_LINKS, Salt};

/// Links that a payer keeps in memory; 1 KiB.
pub const CHECKPOINTS: usize = 32;

/// Reveals the links of one chain in any order.
///
/// Every `ceil(N / 32)`-th link is kept, so any link is at most 31 steps from a kept one and making
/// the chain takes N steps, once. Nothing of it needs to be stored: the same secret and salt make the
/// same chain after a restart.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealer {
    salt: Salt,
    links: u16,
    spacing: u16,
    /// Entry `i` is link `(i + 1) * spacing`; the last used entry is link N.
    kept: [Link; CHECKPOINTS],
    anchor: Link,
}

impl Revealer {
    /// The chain of `links` links, 1..=1024, that `secret` makes under `salt`; `None` for another
    /// number of links.
    #[must_use]
    pub fn new(salt: Salt, secret: &[u8; 32], links: u16) -> Option<Self> {
        if links == 0 || links > MAX_LINKS {
            return None;
        }
        let spacing = links.div_ceil(32);
        let mut kept = [[0; 32]; CHECKPOINTS];
        let mut at = salt.last_link(secret);
        for k in (1..=links).rev() {
            if k == links || k.checked_rem(spacing) == Some(0) {
                let place = usize::from(k.div_ceil(spacing)).checked_sub(1);
                if let Some(slot) = place.and_then(|place| kept.get_mut(place)) {
                    *slot = at;
                }
            }
            at = salt.step(&at);
        }
        Some(Self { salt, links, spacing, kept, anchor: at })
    }

    /// The anchor `x_0`, which the voucher carries.
    #[must_use]
    pub const fn anchor(&self) -> &Link {
        &self.anchor
    }

    /// Links in the chain.
    #[must_use]
    pub const fn links(&self) -> u16 {
        self.links
    }

    /// Link `k`, 0..=N; `None` beyond.
    #[must_use]
    pub fn reveal(&self, k: u16) -> Option<Link> {
        if k == 0 {
            return Some(self.anchor);
        }
        let place = k.div_ceil(self.spacing);
        let number = place.saturating_mul(self.spacing).min(self.links);
        let kept = self.kept.get(usize::from(place).checked_sub(1)?)?;
        Some(self.salt.walk(kept, number.checked_sub(k)?))
    }
}

impl core::fmt::Debug for Revealer {
    /// Without the links, which are money.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Revealer").field("links", &self.links).finish_non_exhaustive()
    }
}
