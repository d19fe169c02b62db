//! caplet
