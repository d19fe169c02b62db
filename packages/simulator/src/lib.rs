//! caplet-simulator
