//! caplet-testkit
