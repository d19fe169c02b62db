//! caplet-tests
