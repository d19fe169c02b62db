//! Random messages and layouts.
use caplet_protocol::{
    AccountId, DeviceId, Lane, LeaseId, Lots, MarketId, OrderId,
    layout::{
        Cancel, Closing, Demand, EndpointRecord, EnvelopeHeader, Grant, Login, Offer, OrderFlags,
        Possession, ProfileStatement, PublicKey, QosReport, Receipt, Rotation, Scheme, SealKey,
        SessionHello, Side, Voucher,
    },
    wire::{
        BandwidthDetail, Capability, CapabilityProfile, Capacity, ComputeDetail, Cost, Detail,
        HardwareDetail, Quality, Reliability, SensorDetail, StorageDetail, cost, detail::Of,
    },
};
use proptest::{collection::vec, option, prelude::*};

pub(crate) fn public_key() -> impl Strategy<Value = PublicKey> {
    (1u8..=3, any::<[u8; 32]>(), any::<u8>()).prop_map(|(scheme, key, last)| {
        let scheme = Scheme::from_u8(scheme).unwrap();
        PublicKey::new(scheme, &[key.as_slice(), &[last]].concat()[..scheme.key_len()]).unwrap()
    })
}

prop_compose! {
    pub(crate) fn offer()(
        (device, sequence, market, flags, tags) in any::<(u32, u32, u32, u8, u32)>(),
        [latency, throughput, accuracy] in any::<[u8; 3]>(),
        (batch, instant, ask, not_after, relay_fee) in any::<(u16, u16, u64, u64, u64)>(),
    ) -> Offer {
        Offer {
            device: DeviceId(device), sequence, market: MarketId(market), latency, throughput,
            accuracy, flags: OrderFlags(flags & OrderFlags::KNOWN), tags, ask, batch: Lots(batch),
            instant: Lots(instant), not_after, relay_fee,
        }
    }
}

prop_compose! {
    pub(crate) fn demand()(
        (device, sequence, market, flags, tags) in any::<(u32, u32, u32, u8, u32)>(),
        [latency, throughput, accuracy, reliability] in any::<[u8; 4]>(),
        (rho, lambda, lots, limit, not_after, relay_fee) in any::<(u16, u16, u16, u64, u64, u64)>(),
    ) -> Demand {
        Demand {
            device: DeviceId(device), sequence, market: MarketId(market), latency, throughput,
            accuracy, reliability, flags: OrderFlags(flags & OrderFlags::KNOWN), tags, rho, lambda,
            limit, lots: Lots(lots), not_after, relay_fee,
        }
    }
}

prop_compose! {
    pub(crate) fn cancel()(
        (device, market, buys, page, slot) in any::<(u32, u32, bool, u32, u8)>(),
    ) -> Cancel {
        let side = if buys { Side::Demand } else { Side::Offer };
        let order = OrderId { page, slot };
        Cancel { device: DeviceId(device), market: MarketId(market), side, order }
    }
}

prop_compose! {
    pub(crate) fn voucher()(
        (lease, lane, links, link_units) in (any::<u64>(), any::<u16>(), 0u16..=1024, any::<u32>()),
        (amount, units, link_amount) in (any::<u128>(), any::<u64>(), 1u64..),
        (anchor, evidence, small) in any::<([u8; 32], [u8; 32], bool)>(),
    ) -> Voucher {
        let links = if small { 0 } else { links };
        let chain = links != 0;
        Voucher {
            lease: LeaseId(lease), lane: Lane(lane), links,
            link_units: if chain { link_units } else { 0 },
            amount: if small { amount % 1000 } else { amount }, units,
            link_amount: if chain { link_amount } else { 0 },
            anchor: if chain { anchor } else { [0; 32] },
            evidence: if small { [0; 32] } else { evidence },
        }
    }
}

prop_compose! {
    pub(crate) fn receipt()(
        (lease, lane, amount, units) in any::<(u64, u16, u128, u64)>(),
    ) -> Receipt {
        Receipt { lease: LeaseId(lease), lane: Lane(lane), amount, units }
    }
}

prop_compose! {
    pub(crate) fn closing()((lease, reason) in any::<(u64, u8)>()) -> Closing {
        Closing { lease: LeaseId(lease), reason }
    }
}

prop_compose! {
    pub(crate) fn qos()(
        (lease, units, failed) in any::<(u64, u64, u64)>(),
        [latency_p50_ms, latency_p95_ms, throughput, accuracy_ppm] in any::<[u32; 4]>(),
        availability in 0u16..=10_000, score in 0u16..=10_000,
    ) -> QosReport {
        QosReport {
            lease: LeaseId(lease), units, failed, latency_p50_ms, latency_p95_ms, throughput,
            accuracy_ppm, availability: availability.into(), score: score.into(),
        }
    }
}

prop_compose! {
    pub(crate) fn possession()(
        key in public_key(), sealing in any::<[u8; 32]>(), owner in any::<[u8; 32]>(),
    ) -> Possession {
        Possession { key, sealing, owner }
    }
}

prop_compose! {
    pub(crate) fn rotation()(
        key in public_key(), (device, epoch, sealing) in any::<(u32, u32, [u8; 32])>(),
    ) -> Rotation {
        Rotation { device: DeviceId(device), epoch, key, sealing }
    }
}

prop_compose! {
    pub(crate) fn seal_key()(
        (device, sequence, sealing) in any::<(u32, u64, [u8; 32])>(),
    ) -> SealKey {
        SealKey { device: DeviceId(device), sequence, sealing }
    }
}

prop_compose! {
    pub(crate) fn statement()(
        (device, sequence, not_after, digest) in any::<(u32, u64, u64, [u8; 32])>(),
    ) -> ProfileStatement {
        ProfileStatement { device: DeviceId(device), sequence, not_after, digest }
    }
}

prop_compose! {
    pub(crate) fn grant()(
        delegate in public_key(),
        (device, scopes, spend_cap, not_after, epoch) in any::<(u32, u8, u64, u64, u32)>(),
    ) -> Grant {
        let scopes = scopes & Grant::ALL;
        Grant { device: DeviceId(device), delegate, scopes, spend_cap, not_after, epoch }
    }
}

prop_compose! {
    pub(crate) fn endpoint()(
        (account, key, addresses) in any::<(u32, [u8; 32], [u8; 32])>(),
        (sequence, not_after) in any::<(u64, u64)>(),
    ) -> EndpointRecord {
        EndpointRecord { account: AccountId(account), key, addresses, sequence, not_after }
    }
}

prop_compose! {
    pub(crate) fn header()(
        (device, boot, sequence, time_ms, kind) in any::<(u32, u64, u64, u64, u16)>(),
        body in any::<[u8; 32]>(),
    ) -> EnvelopeHeader {
        EnvelopeHeader { device: DeviceId(device), boot, sequence, time_ms, kind, body }
    }
}

prop_compose! {
    pub(crate) fn login()(
        (broker, client, expiry) in any::<([u8; 32], [u8; 32], u64)>(),
    ) -> Login {
        Login { broker, client, expiry }
    }
}

prop_compose! {
    pub(crate) fn session_hello()(
        (lease, lane, epoch, counted, k) in any::<(u64, u16, u64, u64, u16)>(),
        [payer, payee, nonce] in any::<[[u8; 32]; 3]>(),
        [exporter, voucher, link] in any::<[[u8; 32]; 3]>(),
    ) -> SessionHello {
        SessionHello {
            lease: LeaseId(lease), lane: Lane(lane), epoch, counted, k, payer, payee, nonce, exporter,
            voucher, link,
        }
    }
}

/// Short text, JSON's special characters among it.
fn text() -> impl Strategy<Value = String> {
    "[a-z/ \"\\\\\u{e9}\u{1f321}]{0,12}"
}

prop_compose! {
    fn price()(
        (amount, quantity) in any::<(u64, u64)>(), per in -1i32..6,
        asset in option::of((any::<bool>(), text())),
    ) -> Cost {
        let asset = asset.map(|(token, name)| {
            if token { cost::Asset::Cw20(name) } else { cost::Asset::Denom(name) }
        });
        Cost { amount, asset, per, quantity }
    }
}

fn detail() -> impl Strategy<Value = Detail> {
    let compute = (any::<(bool, u64, u32, u64)>(), text()).prop_map(|(n, arch)| {
        let (wasm, memory, cores, mfuel_per_sec) = n;
        Of::Compute(ComputeDetail { wasm, arch, memory, cores, mfuel_per_sec })
    });
    let sensor =
        (any::<(u32, u64, i64, i64)>(), text(), text()).prop_map(|(n, quantity, senml_unit)| {
            let (period_ms, error_micro, min_milli, max_milli) = n;
            Of::Sensor(SensorDetail {
                quantity,
                senml_unit,
                period_ms,
                error_micro,
                min_milli,
                max_milli,
            })
        });
    let bandwidth = (any::<(u64, u64, u64)>(), text()).prop_map(|(n, medium)| {
        let (up_kbps, down_kbps, data_cap) = n;
        Of::Bandwidth(BandwidthDetail { up_kbps, down_kbps, data_cap, medium })
    });
    let storage =
        any::<(u64, u32, u64, u64)>().prop_map(|(bytes, redundancy, write_kbps, read_kbps)| {
            Of::Storage(StorageDetail { bytes, redundancy, write_kbps, read_kbps })
        });
    let hardware =
        (text(), vec(text(), 0..3), any::<u64>()).prop_map(|(model, operations, max_input)| {
            Of::Hardware(HardwareDetail { model, operations, max_input })
        });
    option::of(prop_oneof![compute, sensor, bandwidth, storage, hardware])
        .prop_map(|of| Detail { of })
}

prop_compose! {
    pub(crate) fn capability()(
        (id, kind) in (any::<u32>(), -1i32..8),
        (resource, unit) in (text(), text()),
        price in option::of(price()),
        capacity in option::of(any::<(u32, u32)>()),
        quality in option::of(any::<(u32, u64, u32, u32)>()),
        reliability in option::of(any::<(u64, u64, u32, u64)>()),
        tags in vec(text(), 0..4),
        details in vec(detail(), 0..3),
        attestation in vec(any::<u8>(), 0..33),
    ) -> Capability {
        Capability {
            id, kind, resource, unit, price, tags, details, attestation,
            capacity: capacity.map(|(lots, parallel)| Capacity { lots, parallel }),
            quality: quality.map(|(latency_ms, throughput, accuracy_ppm, availability_bps)| Quality {
                latency_ms, throughput, accuracy_ppm, availability_bps,
            }),
            reliability: reliability.map(|(leases, delivered, score_bps, mtbf_secs)| Reliability {
                leases, delivered, score_bps, mtbf_secs,
            }),
        }
    }
}

prop_compose! {
    /// Any profile at all, senseless ones included.
    pub(crate) fn profile()(
        (device, sequence, not_after) in any::<(u32, u64, u64)>(),
        (name, model, owner) in (text(), text(), text()),
        capabilities in vec(capability(), 0..5),
    ) -> CapabilityProfile {
        CapabilityProfile { device, name, model, owner, sequence, not_after, capabilities }
    }
}
