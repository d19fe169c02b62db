//! Leases that concern this gateway, reconciled from chain state.
