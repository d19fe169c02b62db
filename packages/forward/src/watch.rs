//! What a holder's keeper does about a seller whose collateral is short.

/// Where a series stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// Base units behind it.
    pub collateral: u64,
    /// Base units that its margin asks for.
    pub required: u128,
    /// Unix seconds of the call that is open.
    pub called: Option<u64>,
    /// Seconds of grace.
    pub grace_secs: u32,
    /// Whether its seller is retired or suspended while lots of it can still be delivered: that is a default at once,
    /// whatever is behind it.
    pub barred: bool,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Begins the grace.
    Call,
    /// Declares the default.
    Default,
}

/// What is due at `now`, Unix seconds: a call while the collateral is short, a default once the grace is over and it
/// still is, or at once when the seller is barred.
#[must_use]
pub fn due(series: Margin, now: u64) -> Option<Act> {
    if series.barred {
        return Some(Act::Default);
    }
    if u128::from(series.collateral) >= series.required {
        return None;
    }
    match series.called {
        None => Some(Act::Call),
        Some(called) => {
            (now >= called.saturating_add(series.grace_secs.into())).then_some(Act::Default)
        }
    }
}
