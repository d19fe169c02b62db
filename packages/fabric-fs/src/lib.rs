//! Storage leases: encrypted and authenticated chunks, a manifest, a mounted folder.
