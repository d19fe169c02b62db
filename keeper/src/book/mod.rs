//! The order book of every market in memory, kept up incrementally from chain events.
