//! caplet-mechanism
