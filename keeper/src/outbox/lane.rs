//! What a transaction is for; decides who goes first.

/// Lanes in order of priority: money that is at risk before the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Lane {
    /// Vouchers, finishing, sweeping, rating.
    Settle = 0,
    /// Clearings: worthless once the epoch is over.
    Clear = 1,
    /// Orders and takes.
    Orders = 2,
    /// Devices, profiles, grants, endpoints.
    Identity = 3,
}

impl Lane {
    /// All lanes, first comes first.
    pub const ALL: [Self; 4] = [Self::Settle, Self::Clear, Self::Orders, Self::Identity];

    /// The lane with this number.
    #[must_use]
    pub fn from_u8(value: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| *lane as u8 == value)
    }

    /// Its name in logs and status.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Clear => "clear",
            Self::Orders => "orders",
            Self::Identity => "identity",
        }
    }
}
