//! Brings devices' registrations and profiles to the chain in batches.
