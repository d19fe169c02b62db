//! caplet-escrow
