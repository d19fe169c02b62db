//! caplet-api
