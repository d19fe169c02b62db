//! The metering session, in one binary.
