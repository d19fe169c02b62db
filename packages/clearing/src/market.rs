//! The terms of a market that clearing depends on.

use caplet_protocol::{CellId, Tick};

/// Largest tick in base units: every price is then under 2^62, so that sums and differences of two
/// prices fit an `i64`.
pub const MAX_TICK_SIZE: u64 = 1 << 46;

/// Largest constant fee a lot, in base units.
pub const MAX_FEE_PER_LOT: u64 = 1 << 61;

/// Entry of the latency matrix that says: no way from here to there.
pub const UNREACHABLE: u16 = u16::MAX;

/// What the clearing has to know of a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Base units of the payment asset in a tick, `1..=MAX_TICK_SIZE`.
    pub tick_size: u64,
    /// Base units charged a lot at clear; inside the cost, never on top (`0..=MAX_FEE_PER_LOT`).
    pub fee_per_lot: u64,
    /// Reliability of each tier in basis points, never falling from tier to tier.
    pub reliability_bps: Vec<u16>,
    /// Milliseconds from the provider's cell (row) to the consumer's cell (column); square.
    pub latency_ms: Vec<Vec<u16>>,
}

/// Why a market cannot be cleared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// The tick is zero or too large.
    #[error("tick size is {0}, allowed is 1 to {MAX_TICK_SIZE}: choose another tick")]
    TickSize(u64),
    /// The fee is too large.
    #[error("fee per lot is {0}, allowed is 0 to {MAX_FEE_PER_LOT}: lower the fee")]
    Fee(u64),
    /// A tier is less reliable than the one below it, or over 100 %.
    #[error(
        "reliability of tier {tier} is {bps} bps, allowed is {floor} (the tier below) to 10000: mend the table"
    )]
    Reliability {
        /// The tier.
        tier: usize,
        /// What the table says.
        bps: u16,
        /// The tier below.
        floor: u16,
    },
    /// A row of the latency matrix has another length than there are rows.
    #[error("latency row {row} has {found} entries, {cells} cells need {cells}: make it square")]
    Latency {
        /// The row.
        row: usize,
        /// Its length.
        found: usize,
        /// Number of rows.
        cells: usize,
    },
}

impl Market {
    /// Checks the ranges of every field. All that follows presumes it.
    ///
    /// # Errors
    /// Names the field that is out of range.
    pub fn check(&self) -> Result<(), MarketError> {
        if self.tick_size == 0 || self.tick_size > MAX_TICK_SIZE {
            return Err(MarketError::TickSize(self.tick_size));
        }
        if self.fee_per_lot > MAX_FEE_PER_LOT {
            return Err(MarketError::Fee(self.fee_per_lot));
        }
        let mut floor = 0;
        for (tier, &bps) in self.reliability_bps.iter().enumerate() {
            if bps < floor || bps > 10_000 {
                return Err(MarketError::Reliability { tier, bps, floor });
            }
            floor = bps;
        }
        let cells = self.latency_ms.len();
        match self.latency_ms.iter().enumerate().find(|(_, row)| row.len() != cells) {
            Some((row, entries)) => Err(MarketError::Latency { row, found: entries.len(), cells }),
            None => Ok(()),
        }
    }

    /// Base units a lot at `tick`.
    #[must_use]
    pub fn price(&self, tick: Tick) -> u64 {
        // never saturates in a market that passed `check`
        u64::from(tick.0).saturating_mul(self.tick_size)
    }

    /// Milliseconds from a provider's cell to a consumer's; `None` when there is no way or no such cell.
    #[must_use]
    pub fn latency(&self, provider: CellId, consumer: CellId) -> Option<u16> {
        let row = self.latency_ms.get(usize::from(provider.0))?;
        row.get(usize::from(consumer.0)).copied().filter(|&ms| ms != UNREACHABLE)
    }
}
