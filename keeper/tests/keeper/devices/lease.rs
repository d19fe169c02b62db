//! A lease from its notice to its end, across two gateways and within one.

use super::client::{Device, now};
use super::stage::{ASK, LOT, Stage, wanted};
use super::trade::{ask, offer, opened};
use caplet::keeper::Keeper;
use caplet_api::escrow::{LeaseResponse, LeaseState, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::layout::{Closing, QosReport, Voucher};
use caplet_protocol::topics::{Dn, Up};
use caplet_protocol::wire::{
    self, LanePreference, Layout as _, PauseReason, RefusalCode as Code, Role,
};
use caplet_protocol::{Bps, Lane, LeaseId};
use std::time::Duration;

/// A lease, and the devices of both sides.
struct Leased {
    consumer: Device,
    provider: Device,
    notice: wire::LeaseNotice,
    /// What calls say of the rate at which the consumer signs, and from where.
    rate: (u32, u64),
}

impl Leased {
    fn id(&self) -> LeaseId {
        LeaseId(self.notice.lease)
    }

    fn call(&self, id: u64) -> wire::ServiceCall {
        let (rate_bps, rate_from) = self.rate;
        let (lease, op) = (self.notice.lease, "read".into());
        wire::ServiceCall { lease, id, op, rate_bps, rate_from, ..Default::default() }
    }

    /// The consumer calls, the provider answers, the consumer hears it.
    async fn used(&mut self, id: u64, units: u64) -> wire::ServiceResult {
        let call = self.call(id);
        self.consumer.say(Up::Call(self.id()), &call).await;
        let consumer = (self.consumer.id, self.consumer.key.verifying_key().to_bytes());
        let heard = self
            .provider
            .expect_from::<wire::ServiceCall>(Some(consumer), |call| call.id == id)
            .await;
        assert_eq!(heard, call, "as the consumer signed it");
        self.answered(id, units).await
    }

    /// The consumer calls for a unit and gets it, or hears what is waited for.
    async fn tried(&mut self, id: u64) -> Option<wire::Pause> {
        let call = self.call(id);
        self.consumer.say(Up::Call(self.id()), &call).await;
        let by = (self.consumer.id, self.consumer.key.verifying_key().to_bytes());
        let Self { consumer, provider, .. } = self;
        tokio::select! {
            _ = provider.expect_from::<wire::ServiceCall>(Some(by), |call| call.id == id) => {}
            pause = consumer.expect::<wire::Pause>(|_| true) => return Some(pause),
        }
        self.answered(id, 1).await;
        None
    }

    /// The provider answers, the consumer hears it.
    async fn answered(&mut self, id: u64, units: u64) -> wire::ServiceResult {
        let lease = self.notice.lease;
        let result = wire::ServiceResult {
            lease,
            id,
            ok: true,
            units,
            body: b"21.5".to_vec(),
            ..Default::default()
        };
        self.provider.say(Up::Result(self.id()), &result).await;
        let provider = (self.provider.id, self.provider.key.verifying_key().to_bytes());
        self.consumer
            .expect_from::<wire::ServiceResult>(Some(provider), |result| result.id == id)
            .await
    }

    fn voucher(&self, units: u64) -> Voucher {
        let amount =
            u128::from(units) * u128::from(self.notice.price) / u128::from(self.notice.lot);
        Voucher { lease: self.id(), lane: Lane(0), amount, units, ..Voucher::default() }
    }

    fn signed(&self, voucher: Voucher) -> wire::SignedVoucher {
        voucher.sign(&self.consumer.home.escrow, &self.consumer.key).into()
    }

    async fn vouch(&mut self, voucher: Voucher) -> wire::Receipt {
        let body = self.signed(voucher);
        self.consumer.say(Up::Voucher(self.id()), &body).await;
        let receipt = self.consumer.expect::<wire::SignedReceipt>(|_| true).await;
        receipt.receipt.unwrap()
    }
}

async fn leased(stage: &Stage, providing: &Keeper, consuming: &Keeper) -> Leased {
    let mut provider = stage.device(providing, 50).await;
    let mut consumer = stage.device(consuming, 51).await;
    offer(&mut provider, 1).await;
    ask(&mut consumer, wanted(7, 1_000, LanePreference::Batch), 1).await;
    let notice = opened(&mut consumer, Role::Consumer).await;
    let theirs = opened(&mut provider, Role::Provider).await;
    // a gateway that was held up has asked twice for the order that is placed now
    provider.forget::<wire::Proposal>();
    assert_eq!(theirs.lease, notice.lease);
    assert_eq!((notice.consumer, notice.provider), (consumer.id.0, provider.id.0));
    assert_eq!((notice.lot, notice.lots, notice.demand), (LOT, 1, 7));
    assert_eq!((notice.resource.as_str(), notice.unit.as_str()), ("temperature", "reading"));
    assert!(notice.price >= ASK && notice.price <= 1_000, "{}", notice.price);
    assert_eq!(notice.payee_key[1..33], provider.key.verifying_key().to_bytes());
    assert_eq!(notice.payer_key[1..33], consumer.key.verifying_key().to_bytes());
    assert!(notice.endpoint.is_some() && notice.profile.len() == 32);
    while now() < notice.starts {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Leased { consumer, provider, notice, rate: (0, 0) }
}

async fn on_chain(stage: &Stage, lease: LeaseId) -> LeaseResponse {
    let ask = QueryMsg::Lease { lease: lease.0.into() };
    stage.chain.query(&stage.deployment.contracts.escrow, &ask).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_on_two_gateways_meet_serve_pay_and_settle() {
    let stage = Stage::new().await;
    let first = stage.keeper(1, |_| {}).await;
    let second = stage.keeper(2, |_| {}).await;
    let mut leased = leased(&stage, &first, &second).await;
    let digest: [u8; 32] = leased.notice.profile.as_slice().try_into().unwrap();
    let profile = second.bridge().unwrap().exchange().profile(&digest, leased.provider.id).await;
    assert_eq!(profile.unwrap().view().name, "test", "fetched from the gateway that announced it");

    // what the demand has become is explained by whoever knows the lease
    let lease = second.leases().get(leased.id()).unwrap();
    let demand = lease.demand.expect("it was cleared in a batch").to_u64();
    let (at, market) = (second.exchange().unwrap(), lease.terms.market);
    let (_, answer) = super::http::get(format!("http://{at}/v1/why/{market}/{demand}")).await;
    let why: caplet::exchange::Why = serde_json::from_slice(&answer).unwrap();
    let found: Vec<_> = why.filled.iter().map(|f| (f.lease, f.provider, f.price)).collect();
    assert_eq!(found, [(leased.id(), leased.provider.id, leased.notice.price)]);

    let result = leased.used(1, 1).await;
    assert_eq!((result.units, result.body.as_slice()), (1, &b"21.5"[..]));
    leased.used(2, 1).await;
    // an eighth of the lease is owed and not vouched for: service waits
    leased.used(3, 1).await;
    let call = leased.call(4);
    leased.consumer.say(Up::Call(leased.id()), &call).await;
    let pause = leased.consumer.expect::<wire::Pause>(|_| true).await;
    assert_eq!(pause.reason(), PauseReason::Unpaid, "{pause:?}");
    let receipt = leased.vouch(leased.voucher(3)).await;
    assert_eq!(receipt.units, 3);
    leased.used(4, 1).await;

    // the last voucher carries what was measured, and the consumer closes
    let report = QosReport {
        lease: leased.id(),
        units: 4,
        score: Bps(9_000),
        availability: Bps(10_000),
        ..QosReport::default()
    };
    let last = Voucher { evidence: report.evidence(), ..leased.voucher(4) };
    let mut body = leased.signed(last);
    body.report = Some((&report).into());
    leased.consumer.say(Up::Voucher(leased.id()), &body).await;
    leased.consumer.expect::<wire::SignedReceipt>(|_| true).await;
    let closing = Closing { lease: leased.id(), reason: 3 };
    let signed = closing.sign(&leased.consumer.home.escrow, &leased.consumer.key);
    let sequence =
        leased.consumer.say(Up::Closing(leased.id()), &wire::SignedClosing::from(signed)).await;
    leased.consumer.acknowledged(sequence).await;
    leased.consumer.expect::<wire::LeaseNotice>(|n| n.state() == wire::LeaseState::Closed).await;
    let settled = on_chain(&stage, leased.id()).await;
    assert_eq!(settled.state, LeaseState::Closed);
    assert_eq!(
        u128::from(settled.lanes[0].redeemed.u64()),
        last.amount,
        "all that was vouched for"
    );
    second.stop(Duration::from_secs(10)).await;
    first.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_mqtt_too_a_rate_that_the_schedule_gives_is_served_for_and_no_other() {
    let stage = Stage::new().await;
    let first = stage.keeper(1, |_| {}).await;
    let second = stage.keeper(2, |_| {}).await;
    let mut leased = leased(&stage, &first, &second).await;
    let schedule = leased.notice.quality.unwrap();
    assert_eq!((schedule.floor_bps, schedule.step_bps), (5_000, 2_500));
    assert_eq!((schedule.segment, schedule.good_ms), (2, 0), "an eighth; nothing is known yet");
    // over ten-thousandths of units: what they are worth together, rounded down once
    let worth = |leased: &Leased, units: u64, bps: u128| {
        let amount = bps * u128::from(leased.notice.price) / u128::from(LOT) / 10_000;
        Voucher { amount, ..leased.voucher(units) }
    };
    for call in 1..=2 {
        leased.used(call, 1).await;
    }
    leased.vouch(leased.voucher(2)).await;
    // the first segment was bad: the consumer signs for the next at three quarters
    leased.rate = (7_500, 2);
    for call in 3..=4 {
        leased.used(call, 1).await;
    }
    leased.vouch(worth(&leased, 4, 35_000)).await;
    // two and a half units may be owed: of full price two more would be served, of this three and a start
    for call in 5..=8 {
        leased.used(call, 1).await;
    }
    let pause = async |leased: &mut Leased, id| {
        let call = leased.call(id);
        leased.consumer.say(Up::Call(leased.id()), &call).await;
        let pause = leased.consumer.expect::<wire::Pause>(|_| true).await;
        assert_eq!(pause.reason(), PauseReason::Unpaid, "{pause:?}");
        wire::amount_of(&pause.unpaid).unwrap()
    };
    let unpaid = pause(&mut leased, 9).await;
    let three = worth(&leased, 0, 30_000).amount;
    // both sums are rounded down
    assert!((three..=three + 1).contains(&unpaid), "{unpaid} are owed, not {three}");
    leased.vouch(worth(&leased, 8, 65_000)).await;
    // a tenth is under the floor: nobody agreed to that, so what is withheld stays owed
    leased.rate = (1_000, 8);
    for call in 10..=13 {
        leased.used(call, 1).await;
        let units = call - 1;
        leased.vouch(worth(&leased, units, 65_000 + u128::from(units - 8) * 1_000)).await;
    }
    let lost = pause(&mut leased, 14).await;
    assert!(lost >= worth(&leased, 0, 25_000).amount, "it was served up to the cap: {lost}");
    assert!(lost <= worth(&leased, 0, 35_000).amount + 1, "{lost} is over the cap and a unit");
    second.stop(Duration::from_secs(10)).await;
    first.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_mqtt_too_a_consumer_that_calls_good_service_bad_takes_a_segments_price_and_no_more() {
    let stage = Stage::new().await;
    let first = stage.keeper(1, |_| {}).await;
    let second = stage.keeper(2, |_| {}).await;
    let mut leased = leased(&stage, &first, &second).await;
    let segment = leased.notice.quality.unwrap().segment;
    let price = u128::from(leased.notice.price);
    // what so many ten-thousandths of units cost
    let cost = |bps: u128| bps * price / u128::from(LOT) / 10_000;
    // every rate is one that the schedule gives, and it signs for all that it has
    let (mut served, mut worth) = (0, 0);
    let pause = loop {
        assert!(served < LOT, "good service was called bad to the end, and paid so");
        let rate: u16 = match served / segment {
            0 => 10_000,
            1 => 7_500,
            _ => 5_000,
        };
        if served == segment || served == 2 * segment {
            leased.rate = (rate.into(), served);
        }
        if let Some(pause) = leased.tried(served + 1).await {
            break pause;
        }
        served += 1;
        worth += u128::from(rate);
        leased.vouch(Voucher { amount: cost(worth), ..leased.voucher(served) }).await;
    };
    assert_eq!(pause.reason(), PauseReason::Unpaid, "{pause:?}");
    assert!(pause.words.contains("10000 of 10000"), "it says what was measured: {pause:?}");
    // a unit is lent to whoever pays for what it has
    let all = u128::from(served) * 10_000;
    let most = u128::from(segment) * 10_000 + all / 20 + 10_000;
    let lost = cost(all) - cost(worth);
    assert!(lost <= cost(most) + 2, "{lost} of {} lost, at most {}", cost(all), cost(most));
    let heard = leased.provider.expect::<wire::Pause>(|_| true).await;
    assert!(heard.words.contains("you may finish the lease"), "{heard:?}");
    // who signs at what was measured is served on
    let agreed = u128::from(segment) * 22_500;
    let owed = agreed + u128::from(served - 3 * segment) * 10_000;
    leased.vouch(Voucher { amount: cost(owed), ..leased.voucher(served) }).await;
    leased.rate = (10_000, served);
    for id in 1..=2 {
        leased.used(LOT + id, 1).await;
    }
    second.stop(Duration::from_secs(10)).await;
    first.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_voucher_is_refused_by_what_is_wrong_and_a_good_one_still_counts() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut leased = leased(&stage, &keeper, &keeper).await;
    leased.used(1, 1).await;
    let good = leased.voucher(1);
    let cap = u128::from(leased.notice.reserve);
    let mut forged = leased.signed(good);
    forged.signature[0] ^= 1;
    let elsewhere: wire::SignedVoucher =
        good.sign(&leased.consumer.home.registry, &leased.consumer.key).into();
    let by_provider: wire::SignedVoucher =
        good.sign(&leased.consumer.home.escrow, &leased.provider.key).into();
    let mut unreported = leased.signed(Voucher { evidence: [4; 32], ..good });
    unreported.report = Some((&QosReport::default()).into());
    let cases = [
        (forged, Code::BadSignature, "not signed by device"),
        (elsewhere, Code::BadSignature, "not signed by device"),
        (by_provider, Code::BadSignature, "not signed by device"),
        (leased.signed(Voucher { amount: cap + 1, ..good }), Code::OutOfRange, "has a cap of"),
        (leased.signed(Voucher { amount: u128::MAX, ..good }), Code::OutOfRange, "has a cap of"),
        (leased.signed(Voucher { lane: Lane(3), ..good }), Code::OutOfRange, "has 1 lanes"),
        (
            leased.signed(Voucher { lease: LeaseId(u64::MAX), ..good }),
            Code::UnknownLease,
            "takes part",
        ),
        (unreported, Code::OutOfRange, "evidence"),
    ];
    for (body, code, words) in cases {
        let sequence = leased.consumer.say(Up::Voucher(leased.id()), &body).await;
        let refusal = leased.consumer.refused(sequence).await;
        assert_eq!(refusal.code(), code, "{refusal:?}");
        assert!(refusal.what.contains(words), "{refusal:?}");
    }
    let receipt = leased.vouch(good).await;
    assert_eq!(wire::amount_of(&receipt.amount), Some(good.amount));
    // an older one changes nothing and says what is held
    let receipt = leased.vouch(leased.voucher(0)).await;
    assert_eq!(wire::amount_of(&receipt.amount), Some(good.amount));

    let stranger = stage.device(&keeper, 60).await;
    let mut stranger = stranger;
    let call = leased.call(9);
    let sequence = stranger.say(Up::Call(leased.id()), &call).await;
    let refusal = stranger.refused(sequence).await;
    assert_eq!(refusal.code(), Code::NotPermitted, "{refusal:?}");
    let closing = Closing { lease: leased.id(), reason: 3 };
    let signed = closing.sign(&stranger.home.escrow, &stranger.key);
    let sequence = stranger.say(Up::Closing(leased.id()), &wire::SignedClosing::from(signed)).await;
    assert_eq!(stranger.refused(sequence).await.code(), Code::NotPermitted);
    leased.used(2, 1).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_call_is_answered_again_and_neither_served_nor_counted_twice() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut leased = leased(&stage, &keeper, &keeper).await;
    let first = leased.used(1, 2).await;
    let call = leased.call(1);
    for _ in 0..5 {
        leased.consumer.say(Up::Call(leased.id()), &call).await;
        let provider = (leased.provider.id, leased.provider.key.verifying_key().to_bytes());
        let again = leased
            .consumer
            .expect_from::<wire::ServiceResult>(Some(provider), |result| result.id == 1)
            .await;
        assert_eq!(again, first);
    }
    // an acknowledgement of its result may come as late as this
    let calls = Dn::Call(leased.id()).topic(leased.provider.id);
    let mut heard = leased.provider.mqtt.heard().into_iter();
    assert!(heard.all(|(topic, _)| topic != calls), "the provider was not asked again");
    // two of twenty units were served once: were they counted six times, service would wait
    leased.used(2, 1).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_price_is_taken_at_once() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    // nobody takes from an own device in the instant lane, so the provider has another owner
    let mut home = stage.home(&keeper);
    home.owner = stage.admin.address().to_owned();
    let mut provider = Device::enrol(&home, 50).await;
    let mut consumer = stage.device(&keeper, 51).await;
    let early = consumer.demand(wanted(3, 2_000, LanePreference::Instant));
    let sequence = consumer.say(Up::Demand(3), &early).await;
    consumer.acknowledged(sequence).await;
    offer(&mut provider, 2).await;
    // proposed as soon as something is posted that fits
    let message = super::trade::sign_demand(&mut consumer, 3, 1).await;
    consumer.acknowledged(message).await;
    let lease = consumer.acknowledged(message).await.assigned;
    let notice = opened(&mut consumer, Role::Consumer).await;
    assert_eq!((notice.lease, notice.demand), (lease, 3));
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_device_is_passed_over_in_the_instant_lane() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut own = stage.device(&keeper, 52).await;
    let mut home = stage.home(&keeper);
    home.owner = stage.admin.address().to_owned();
    let mut other = Device::enrol(&home, 50).await;
    let mut consumer = stage.device(&keeper, 51).await;
    // the older of two equal offers is the best, and the chain would refuse it
    offer(&mut own, 2).await;
    offer(&mut other, 2).await;
    let now = consumer.demand(wanted(3, 2_000, LanePreference::Instant));
    let sequence = consumer.say(Up::Demand(3), &now).await;
    consumer.acknowledged(sequence).await;
    let message = super::trade::sign_demand(&mut consumer, 3, 1).await;
    consumer.acknowledged(message).await;
    let lease = consumer.acknowledged(message).await.assigned;
    let notice = opened(&mut consumer, Role::Consumer).await;
    assert_eq!((notice.lease, notice.provider), (lease, other.id.0));
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_is_offered_again_when_a_lease_ends_and_not_before() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut leased = leased(&stage, &keeper, &keeper).await;
    let early = leased.provider.mqtt.heard();
    assert!(!early.iter().any(|(topic, _)| topic.contains("/proposal/")), "its only lot is let");
    let closing = Closing { lease: leased.id(), reason: 4 };
    let signed = closing.sign(&leased.provider.home.escrow, &leased.provider.key);
    let sequence =
        leased.provider.say(Up::Closing(leased.id()), &wire::SignedClosing::from(signed)).await;
    leased.provider.acknowledged(sequence).await;
    let sequence = super::trade::sign_offer(&mut leased.provider, 2).await;
    leased.provider.acknowledged(sequence).await;
    leased.provider.acknowledged(sequence).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_pay_between_signatures_and_a_wrong_one_does_not() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut leased = leased(&stage, &keeper, &keeper).await;
    leased.used(1, 1).await;
    let escrow = leased.consumer.home.escrow;
    let plain = leased.voucher(1);
    let mut voucher = Voucher { links: 8, link_units: 1, link_amount: 25, ..plain };
    let (secret, salt) = ([5; 32], voucher.salt(&escrow));
    let link = |k| salt.link(&secret, 8, k).unwrap();
    voucher.anchor = link(0);
    let tick = |k: u16, link: [u8; 32]| wire::Tick {
        lease: voucher.lease.0,
        lane: 0,
        amount: wire::amount_bytes(voucher.amount),
        link_number: k.into(),
        link: link.into(),
    };
    let early = leased.consumer.say(Up::Tick(leased.id()), &tick(1, link(1))).await;
    let refusal = leased.consumer.refused(early).await;
    assert_eq!(refusal.code(), Code::OutOfRange, "the chain is not known yet: {refusal:?}");
    let receipt = leased.vouch(voucher).await;
    assert_eq!(wire::amount_of(&receipt.amount), Some(voucher.amount));
    for (k, link) in [(3, link(2)), (9, link(8)), (0, link(0))] {
        let sequence = leased.consumer.say(Up::Tick(leased.id()), &tick(k, link)).await;
        let refusal = leased.consumer.refused(sequence).await;
        assert!(matches!(refusal.code(), Code::BadSignature | Code::OutOfRange), "{refusal:?}");
    }
    leased.consumer.say(Up::Tick(leased.id()), &tick(3, link(3))).await;
    let receipt = leased.consumer.expect::<wire::SignedReceipt>(|_| true).await.receipt.unwrap();
    assert_eq!(wire::amount_of(&receipt.amount), Some(voucher.amount + 75));
    assert_eq!(receipt.units, voucher.units + 3);
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_stays_silent_holds_up_neither_vouchers_nor_other_leases() {
    let stage = Stage::new().await;
    // what is on its way counts as owed: four calls of twenty are within the cap, whenever the voucher comes
    let keeper = stage.keeper(1, |config| config.risk.cap_bps = 5_000).await;
    let mut leased = leased(&stage, &keeper, &keeper).await;
    leased.used(1, 1).await;
    // registered before anything is measured
    let mut other = stage.device(&keeper, 61).await;
    // three calls that nobody answers
    for id in 2..5 {
        let call = leased.call(id);
        leased.consumer.say(Up::Call(leased.id()), &call).await;
    }
    let before = tokio::time::Instant::now();
    leased.vouch(leased.voucher(1)).await;
    let profile = other.profile(now(), Vec::new());
    let sequence = other.say(Up::Profile, &profile).await;
    other.acknowledged(sequence).await;
    leased.used(9, 1).await;
    assert!(before.elapsed() < Duration::from_secs(15), "nobody waited for the silent calls");
    keeper.stop(Duration::from_secs(10)).await;
}
