//! caplet-reputation
