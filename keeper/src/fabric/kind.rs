//! From what a market trades to what a link serves.

use caplet_fabric::Service;
use caplet_fabric_enclave::ENCLAVE;
use caplet_protocol::{Kind, LeaseId};

/// The service of a capability. Compute is portable unless it is named a container or an enclave, bandwidth an
/// uplink unless it is named a TCP service.
#[must_use]
pub fn service_of(kind: Kind, resource: &str) -> Service {
    let named = resource.split('/').next().unwrap_or_default();
    match kind {
        Kind::Sensor => Service::SENSOR,
        Kind::Hardware => Service::JOBS,
        Kind::Storage => Service::STORE,
        Kind::Compute if named == "oci" => Service::OCI,
        Kind::Compute if named == "enclave" => ENCLAVE,
        Kind::Compute => Service::WASM,
        Kind::Bandwidth if named == "tcp" => Service::TCP,
        Kind::Bandwidth => Service::PROXY,
    }
}

/// Bytes of a unit of data; 1 for what is not counted in bytes.
#[must_use]
pub fn unit_bytes(unit: &str) -> u64 {
    match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => 1,
    }
}

/// Name under which a lease looks local.
#[must_use]
pub fn alias_of(resource: &str, lease: LeaseId) -> String {
    format!("{}-{lease}", resource.replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_service_and_two_have_more_by_name() {
        assert_eq!(service_of(Kind::Compute, "primes"), Service::WASM);
        assert_eq!(service_of(Kind::Compute, "oci/python"), Service::OCI);
        assert_eq!(service_of(Kind::Compute, "enclave/wasi"), ENCLAVE);
        assert_eq!(service_of(Kind::Bandwidth, "uplink"), Service::PROXY);
        assert_eq!(service_of(Kind::Bandwidth, "tcp/ssh"), Service::TCP);
        assert_eq!(service_of(Kind::Hardware, "image/edge"), Service::JOBS);
        assert_eq!((unit_bytes("KiB"), unit_bytes("reading")), (1_024, 1));
        assert_eq!(alias_of("image/edge", LeaseId(7)), "image-edge-7");
    }
}
