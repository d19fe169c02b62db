//! Bandwidth leases: a SOCKS5 and HTTP CONNECT proxy on the consumer side, an allow-listed uplink on the provider side.
