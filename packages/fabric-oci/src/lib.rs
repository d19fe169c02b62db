//! Native compute leases: OCI bundles run by runc, without network, under cgroup limits.
