//! One value of every layout for each case. Fields are filled in the order of the bytes.
use super::fill::{Case, Fill};
use caplet_protocol::{
    AccountId, DeviceId, Lane, LeaseId, Lots, MarketId, OrderId,
    chain::MAX_LINKS,
    layout::{
        Cancel, Closing, Demand, EnclaveHello, EnclaveOutput, EnclaveStatement, EndpointRecord,
        EnvelopeHeader, Grant, Login, Offer, OrderFlags, Possession, ProfileStatement, PublicKey,
        QosReport, QuoteBinding, Receipt, Rotation, Scheme, SealKey, SessionHello, Side, Voucher,
        VoucherList,
    },
};

fn key(fill: &mut Fill) -> PublicKey {
    let scheme = match fill.case() {
        Case::Typical => Scheme::Ed25519,
        Case::Least => Scheme::Secp256r1,
        Case::Greatest => Scheme::Secp256k1,
    };
    fill.number("key.scheme", scheme as u128, 1);
    let bytes = match scheme {
        Scheme::Ed25519 => {
            let key = fill.bytes::<32>("key.bytes").to_vec();
            fill.zero(1);
            key
        }
        _ => fill.bytes::<33>("key.bytes").to_vec(),
    };
    PublicKey::new(scheme, &bytes).unwrap()
}

pub(crate) fn offer(f: &mut Fill) -> Offer {
    Offer {
        device: DeviceId(f.u32("device")),
        sequence: f.u32("sequence"),
        market: MarketId(f.u32("market")),
        latency: f.u8("latency"),
        throughput: f.u8("throughput"),
        accuracy: f.u8("accuracy"),
        flags: OrderFlags(f.u8_of("flags", [6, 0, 7])),
        tags: f.u32("tags"),
        ask: f.u64("ask"),
        batch: Lots(f.u16("batch")),
        instant: Lots(f.u16("instant")),
        not_after: f.u64("not_after"),
        relay_fee: f.u64("relay_fee"),
    }
}

pub(crate) fn demand(f: &mut Fill) -> Demand {
    Demand {
        device: DeviceId(f.u32("device")),
        sequence: f.u32("sequence"),
        market: MarketId(f.u32("market")),
        latency: f.u8("latency"),
        throughput: f.u8("throughput"),
        accuracy: f.u8("accuracy"),
        reliability: f.u8("reliability"),
        flags: OrderFlags(f.u8_of("flags", [3, 0, 7])),
        tags: {
            f.zero(1);
            f.u32("tags")
        },
        rho: f.u16("rho"),
        lambda: f.u16("lambda"),
        limit: f.u64("limit"),
        lots: Lots(f.u16("lots")),
        not_after: f.u64("not_after"),
        relay_fee: f.u64("relay_fee"),
    }
}

pub(crate) fn cancel(f: &mut Fill) -> Cancel {
    let (device, market) = (DeviceId(f.u32("device")), MarketId(f.u32("market")));
    let side = if f.u8_of("side", [2, 1, 2]) == 1 { Side::Offer } else { Side::Demand };
    f.zero(3);
    let page = match f.case() {
        Case::Typical => 0x0102_0304,
        Case::Least => 0,
        Case::Greatest => u32::MAX,
    };
    let order = OrderId { page, slot: page as u8 };
    f.number("order", u128::from(page) * 256 + u128::from(page as u8), 8);
    Cancel { device, market, side, order }
}

/// `Least` carries no chain, as most vouchers do.
pub(crate) fn voucher(f: &mut Fill) -> Voucher {
    let (lease, lane) = (LeaseId(f.u64("lease")), Lane(f.u16("lane")));
    let links = match f.case() {
        Case::Typical => 258,
        Case::Least => 0,
        Case::Greatest => MAX_LINKS,
    };
    f.number("links", links.into(), 2);
    Voucher {
        lease,
        lane,
        links,
        link_units: f.u32("link_units"),
        amount: f.u128("amount"),
        units: f.u64("units"),
        link_amount: f.u64("link_amount"),
        anchor: f.bytes("anchor"),
        evidence: f.bytes("evidence"),
    }
}

pub(crate) fn receipt(f: &mut Fill) -> Receipt {
    let (lease, lane) = (LeaseId(f.u64("lease")), Lane(f.u16("lane")));
    f.zero(6);
    Receipt { lease, lane, amount: f.u128("amount"), units: f.u64("units") }
}

pub(crate) fn list(f: &mut Fill) -> VoucherList {
    let (signer, count) = (DeviceId(f.u32("signer")), f.u32("count"));
    VoucherList { signer, count, digest: f.bytes("digest") }
}

pub(crate) fn closing(f: &mut Fill) -> Closing {
    let closing = Closing { lease: LeaseId(f.u64("lease")), reason: f.u8("reason") };
    f.zero(7);
    closing
}

pub(crate) fn possession(f: &mut Fill) -> Possession {
    Possession { key: key(f), sealing: f.bytes("sealing"), owner: f.bytes("owner") }
}

pub(crate) fn rotation(f: &mut Fill) -> Rotation {
    Rotation {
        device: DeviceId(f.u32("device")),
        epoch: f.u32("epoch"),
        key: key(f),
        sealing: f.bytes("sealing"),
    }
}

pub(crate) fn seal_key(f: &mut Fill) -> SealKey {
    SealKey {
        device: DeviceId(f.u32("device")),
        sequence: f.u64("sequence"),
        sealing: f.bytes("sealing"),
    }
}

pub(crate) fn profile(f: &mut Fill) -> ProfileStatement {
    ProfileStatement {
        device: DeviceId(f.u32("device")),
        sequence: f.u64("sequence"),
        not_after: f.u64("not_after"),
        digest: f.bytes("digest"),
    }
}

pub(crate) fn grant(f: &mut Fill) -> Grant {
    let (device, delegate) = (DeviceId(f.u32("device")), key(f));
    let scopes = f.u8_of("scopes", [Grant::DIAL | Grant::METER, 0, Grant::ALL]);
    f.zero(1);
    Grant {
        device,
        delegate,
        scopes,
        spend_cap: f.u64("spend_cap"),
        not_after: f.u64("not_after"),
        epoch: f.u32("epoch"),
    }
}

pub(crate) fn endpoint(f: &mut Fill) -> EndpointRecord {
    EndpointRecord {
        account: AccountId(f.u32("account")),
        key: f.bytes("key"),
        addresses: f.bytes("addresses"),
        sequence: f.u64("sequence"),
        not_after: f.u64("not_after"),
    }
}

pub(crate) fn enclave(f: &mut Fill) -> EnclaveStatement {
    EnclaveStatement {
        device: DeviceId(f.u32("device")),
        sequence: f.u64("sequence"),
        sealing: f.bytes("sealing"),
        signing: f.bytes("signing"),
    }
}

pub(crate) fn quote_binding(f: &mut Fill) -> QuoteBinding {
    QuoteBinding {
        device: DeviceId(f.u32("device")),
        sealing: f.bytes("sealing"),
        signing: f.bytes("signing"),
        height: f.u64("height"),
        block: f.bytes("block"),
    }
}

pub(crate) fn enclave_hello(f: &mut Fill) -> EnclaveHello {
    EnclaveHello {
        lease: LeaseId(f.u64("lease")),
        device: DeviceId(f.u32("device")),
        nonce: f.bytes("nonce"),
        exporter: f.bytes("exporter"),
    }
}

pub(crate) fn enclave_output(f: &mut Fill) -> EnclaveOutput {
    EnclaveOutput {
        lease: LeaseId(f.u64("lease")),
        op: f.u64("op"),
        input: f.bytes("input"),
        output: f.bytes("output"),
    }
}

pub(crate) fn login(f: &mut Fill) -> Login {
    Login { broker: f.bytes("broker"), client: f.bytes("client"), expiry: f.u64("expiry") }
}

pub(crate) fn session(f: &mut Fill) -> SessionHello {
    SessionHello {
        lease: LeaseId(f.u64("lease")),
        lane: Lane(f.u16("lane")),
        k: {
            f.zero(4);
            f.u16("k")
        },
        epoch: f.u64("epoch"),
        counted: f.u64("counted"),
        payer: f.bytes("payer"),
        payee: f.bytes("payee"),
        nonce: f.bytes("nonce"),
        exporter: f.bytes("exporter"),
        voucher: f.bytes("voucher"),
        link: f.bytes("link"),
    }
}

pub(crate) fn envelope(f: &mut Fill) -> EnvelopeHeader {
    EnvelopeHeader {
        device: DeviceId(f.u32("device")),
        boot: f.u64("boot"),
        sequence: f.u64("sequence"),
        time_ms: f.u64("time_ms"),
        kind: f.u16("kind"),
        body: {
            f.zero(2);
            f.bytes("body")
        },
    }
}

pub(crate) fn qos_report(f: &mut Fill) -> QosReport {
    let report = QosReport {
        lease: LeaseId(f.u64("lease")),
        units: f.u64("units"),
        failed: f.u64("failed"),
        latency_p50_ms: f.u32("latency_p50_ms"),
        latency_p95_ms: f.u32("latency_p95_ms"),
        throughput: f.u32("throughput"),
        accuracy_ppm: f.u32("accuracy_ppm"),
        ..QosReport::default()
    };
    let (availability, score) = match f.case() {
        Case::Typical => (9_990, 9_400),
        Case::Least => (0, 0),
        Case::Greatest => (10_000, 10_000),
    };
    f.number("availability", availability.into(), 2);
    f.number("score", score.into(), 2);
    QosReport { availability: availability.into(), score: score.into(), ..report }
}

/// The published voucher of `PROTOCOL.md` 1, with the anchor of its chain.
pub(crate) fn published(f: &mut Fill, anchor: [u8; 32]) -> Voucher {
    for (name, value, length) in [
        ("lease", 7, 8),
        ("lane", 0, 2),
        ("links", 3, 2),
        ("link_units", 100, 4),
        ("amount", 1500, 16),
        ("units", 15000, 8),
        ("link_amount", 10, 8),
    ] {
        f.number(name, value, length);
    }
    f.given("anchor", &anchor);
    f.given("evidence", &[0; 32]);
    Voucher {
        lease: LeaseId(7),
        lane: Lane(0),
        links: 3,
        link_units: 100,
        amount: 1500,
        units: 15000,
        link_amount: 10,
        anchor,
        evidence: [0; 32],
    }
}
