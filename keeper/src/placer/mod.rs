//! Brings devices' signed orders to the chain in batches.
