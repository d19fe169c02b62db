//! The letting side of a device.

use crate::Fault;
use crate::capability::{Serve as _, Server};
use caplet_protocol::{Kind, layout, wire};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Something a device lets out, and its terms.
#[derive(Clone, Debug)]
pub struct Letting {
    /// Kind.
    pub kind: Kind,
    /// What of that kind.
    pub resource: String,
    /// Unit that is counted.
    pub unit: String,
    /// Least price of a lot, base units of `asset`.
    pub ask: u64,
    /// Units of a lot, for the price in the profile.
    pub lot_units: u64,
    /// What it wants to be paid in.
    pub asset: wire::cost::Asset,
    /// Lots it can serve at once.
    pub lots: u32,
    /// What it promises.
    pub quality: wire::Quality,
    /// Tags.
    pub tags: Vec<String>,
    /// Most it pays whoever relays its order.
    pub relay_fee: u64,
    /// SHA-256 of its enclave's evidence; empty if it has no enclave.
    pub attestation: Vec<u8>,
}

impl Letting {
    fn capability(&self, id: u32) -> wire::Capability {
        let per = match self.kind {
            Kind::Bandwidth | Kind::Storage => wire::PricedPer::Data,
            Kind::Compute | Kind::Sensor | Kind::Hardware => wire::PricedPer::Operation,
        };
        // data is priced per byte (the units here are KiB), operations as they are
        let scale = if per == wire::PricedPer::Data { 1024 } else { 1 };
        wire::Capability {
            id,
            kind: kind_of(self.kind).into(),
            resource: self.resource.clone(),
            unit: self.unit.clone(),
            price: Some(wire::Cost {
                amount: self.ask,
                per: per.into(),
                quantity: self.lot_units.saturating_mul(scale),
                asset: Some(self.asset.clone()),
            }),
            capacity: Some(wire::Capacity { lots: self.lots, parallel: 0 }),
            quality: Some(self.quality),
            reliability: None,
            tags: self.tags.clone(),
            details: vec![self.detail()],
            attestation: self.attestation.clone(),
        }
    }

    fn detail(&self) -> wire::Detail {
        use wire::detail::Of;
        let of = match self.kind {
            Kind::Compute => Of::Compute(wire::ComputeDetail {
                cores: 1,
                mfuel_per_sec: 100,
                ..Default::default()
            }),
            Kind::Sensor => Of::Sensor(wire::SensorDetail {
                quantity: self.resource.clone(),
                senml_unit: "Cel".to_owned(),
                period_ms: 100,
                error_micro: 50_000,
                min_milli: -40_000,
                max_milli: 60_000,
            }),
            Kind::Bandwidth => Of::Bandwidth(wire::BandwidthDetail {
                up_kbps: 20_000,
                down_kbps: 50_000,
                data_cap: 0,
                medium: "ethernet".to_owned(),
            }),
            Kind::Storage => Of::Storage(wire::StorageDetail {
                bytes: 4 << 20,
                redundancy: 1,
                ..Default::default()
            }),
            Kind::Hardware => Of::Hardware(wire::HardwareDetail {
                model: "edge-1".to_owned(),
                operations: vec!["edge".to_owned()],
                max_input: 4096,
            }),
        };
        wire::Detail { of: Some(of) }
    }

    /// The order to sign for a proposal, or why not: the device's own terms are the judge.
    fn judge(&self, offer: &layout::Offer) -> Result<(), String> {
        if offer.ask < self.ask {
            return Err(format!("an ask of {} is under my {}", offer.ask, self.ask));
        }
        let lots = u32::from(offer.batch.0).saturating_add(u32::from(offer.instant.0));
        if lots == 0 || lots > self.lots {
            return Err(format!("{lots} lots proposed, I have {}", self.lots));
        }
        if offer.relay_fee > self.relay_fee {
            return Err(format!(
                "a relay fee of {} is over my {}",
                offer.relay_fee, self.relay_fee
            ));
        }
        Ok(())
    }
}

/// A kind on the wire.
pub(crate) fn kind_of(kind: Kind) -> wire::CapabilityKind {
    match kind {
        Kind::Compute => wire::CapabilityKind::Compute,
        Kind::Sensor => wire::CapabilityKind::Sensor,
        Kind::Bandwidth => wire::CapabilityKind::Bandwidth,
        Kind::Storage => wire::CapabilityKind::Storage,
        Kind::Hardware => wire::CapabilityKind::Hardware,
    }
}

/// Makes an answer wrong: a reading stays one that no thermometer gives, all else is garbled.
fn spoil(call: &wire::ServiceCall, body: &mut Vec<u8>) {
    if call.op == "read" {
        *body = br#"[{"n":"air","u":"Cel","v":999.5}]"#.to_vec();
        return;
    }
    for byte in body {
        *byte ^= 0x55;
    }
}

struct Let {
    letting: Letting,
    server: Server,
}

/// All that a device lets out.
pub(crate) struct Provider {
    lets: BTreeMap<u32, Let>,
}

impl Provider {
    pub(crate) fn new(lettings: Vec<Letting>, origin: SocketAddr) -> Self {
        let lets = (1u32..)
            .zip(lettings)
            .map(|(id, letting)| (id, Let { server: Server::of(letting.kind, origin), letting }))
            .collect();
        Self { lets }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lets.is_empty()
    }

    pub(crate) fn capabilities(&self) -> Vec<wire::Capability> {
        self.lets.iter().map(|(id, one)| one.letting.capability(*id)).collect()
    }

    /// Whether the device would sign this offer for its capability `id`.
    pub(crate) fn judge(&self, id: u64, offer: &layout::Offer) -> Result<(), String> {
        let one = u32::try_from(id).ok().and_then(|id| self.lets.get(&id));
        one.ok_or_else(|| format!("I have no capability {id}"))?.letting.judge(offer)
    }

    /// Serves a call of a lease on `kind`; `None` when the device stays silent.
    pub(crate) async fn serve(
        &mut self,
        kind: wire::CapabilityKind,
        call: &wire::ServiceCall,
        fault: Fault,
    ) -> Option<wire::ServiceResult> {
        let started = std::time::Instant::now();
        match fault {
            Fault::Silent => return None,
            Fault::Slow(wait) => tokio::time::sleep(wait).await,
            Fault::Garbage | Fault::Flaky | Fault::NoVoucher | Fault::None => {}
        }
        let server = self
            .lets
            .values_mut()
            .find(|one| kind_of(one.letting.kind) == kind)
            .map(|one| &mut one.server);
        let outcome = match server {
            Some(server) => server.serve(&call.op, &call.body).await,
            None => Err("I do not let that out".to_owned()),
        };
        let took = started.elapsed().min(Duration::from_secs(3600));
        let mut result = wire::ServiceResult {
            lease: call.lease,
            id: call.id,
            took_ms: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
            ..Default::default()
        };
        match outcome {
            Ok(served) => {
                result.ok = true;
                result.units = served.units;
                result.body = served.body;
            }
            Err(error) => result.error = error,
        }
        if fault == Fault::Garbage || fault == Fault::Flaky && !call.id.is_multiple_of(2) {
            spoil(call, &mut result.body);
        }
        Some(result)
    }
}
