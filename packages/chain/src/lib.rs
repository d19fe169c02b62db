//! caplet-chain
