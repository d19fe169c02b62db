//! caplet-registry
