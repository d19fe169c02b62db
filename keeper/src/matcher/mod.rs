//! Clears the frozen book of each market.
