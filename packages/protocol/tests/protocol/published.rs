//! The published vector of `PROTOCOL.md` 1, replayed.
use caplet_protocol::{Domain, Lane, LeaseId, layout::Voucher, sign};
use ed25519_dalek::SigningKey;

const CONTRACT: &str = "wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d";

#[test]
fn the_published_voucher_vector_replays() {
    let domain = Domain::of("local-1", CONTRACT, 12, 1_763_712_000_000_000_000);
    assert_eq!(
        hex::encode(domain.0),
        "be6f69aee828c8baeba79076960c9ac87865227db3a59294e200b735fb21ab16"
    );
    let mut voucher = Voucher {
        lease: LeaseId(7),
        lane: Lane(0),
        links: 3,
        link_units: 100,
        amount: 1500,
        units: 15000,
        link_amount: 10,
        ..Voucher::default()
    };
    let salt = voucher.salt(&domain);
    let x3 = salt.last_link(&[0x22; 32]);
    assert_eq!(hex::encode(x3), "8d3e98e071085f37d36c75138e3b489f2e6b8fcf5a27a02972b012070951fc6b");
    let x1 = salt.link(&[0x22; 32], 3, 1).unwrap();
    assert_eq!(hex::encode(x1), "4f8c28e2bf3646629dd773e17c33f06b9be54cd1b606aaa6b563a01d54dcf6fa");
    voucher.anchor = salt.link(&[0x22; 32], 3, 0).unwrap();
    let key = SigningKey::from_bytes(&[1; 32]);
    assert_eq!(
        hex::encode(key.verifying_key().to_bytes()),
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
    );
    let preimage = voucher.preimage(&domain);
    let signature = sign::sign(&key, &preimage);
    assert_eq!(
        hex::encode(signature),
        "e3309f4f0acf41aadf6e7be2107bd9376af2be437a81a03b180e57718141eb0847804958d65a369baeb2d6081cd0e0676f8ede1ca72eb4dcf5d76f68604a5104"
    );
    assert!(sign::verify(&key.verifying_key().to_bytes(), &preimage, &signature));
    assert!(voucher.proves(&domain, 1, &x1) && voucher.proves(&domain, 3, &x3));
    assert!(!voucher.proves(&domain, 2, &x1));
}

#[test]
fn an_order_decodes_from_its_own_layout() {
    use caplet_protocol::{
        DeviceId, Lots, MarketId,
        layout::{Demand, Offer, OrderFlags},
    };
    let domain = Domain([7; 32]);
    let offer = Offer {
        device: DeviceId(1),
        sequence: 2,
        market: MarketId(3),
        latency: 4,
        throughput: 5,
        accuracy: 6,
        flags: OrderFlags(2),
        tags: 8,
        ask: 9,
        batch: Lots(10),
        instant: Lots(11),
        not_after: 12,
        relay_fee: 13,
    };
    assert_eq!(Offer::decode(offer.preimage(&domain)[48..].try_into().unwrap()), offer);
    let demand = Demand {
        device: DeviceId(1),
        sequence: 2,
        market: MarketId(3),
        latency: 4,
        throughput: 5,
        accuracy: 6,
        reliability: 7,
        flags: OrderFlags(1),
        tags: 8,
        rho: 9,
        lambda: 10,
        limit: 11,
        lots: Lots(12),
        not_after: 13,
        relay_fee: 14,
    };
    assert_eq!(Demand::decode(demand.preimage(&domain)[48..].try_into().unwrap()), demand);
}
