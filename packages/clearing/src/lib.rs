//! caplet-clearing
