//! caplet-auction
