//! Vouchers and ticks a core-second.

use super::world::{LANE, NOW, cpu, key, public, rate, terms, view, voucher};
use anyhow::Context as _;
use caplet_metering::batch::{Claim, Key, MOST, which_hold};
use caplet_metering::payee::Examined;
use caplet_metering::sqlite::{LaneJournal, Options, Store};
use caplet_metering::{
    Ed25519Key, Keys as _, Pace, Payee, PayeeState, Proof, Risk, Statement, Terms,
};
use caplet_protocol::chain::{MAX_LINKS, Revealer, Salt};
use ed25519_dalek::SigningKey;
use serde_json::json;
use std::hint::black_box;

/// Lanes, each with a key of its own.
const LANES: u64 = 10_000;
/// Vouchers a lane.
const ROUNDS: u64 = 8;

struct Bed {
    terms: Vec<Terms>,
    keys: Vec<Ed25519Key>,
    /// The same, as batches take them.
    batched: Vec<Key>,
    /// By round, then by lane.
    vouchers: Vec<Vec<Proof>>,
}

impl Bed {
    fn new() -> anyhow::Result<Self> {
        let terms: Vec<_> = (0..LANES).map(|lease| terms(lease, Pace::vouchers(100))).collect();
        let secrets: Vec<_> = (0..LANES).map(key).collect();
        let keys = secrets.iter().map(public).collect::<Result<_, _>>()?;
        let batched = |secret: &SigningKey| Key::new(&secret.verifying_key().to_bytes());
        let batched = secrets.iter().map(batched).collect::<Option<_>>();
        let batched = batched.context("a key that is no point of the curve")?;
        let lanes = || terms.iter().zip(&secrets);
        let vouchers = (1..=ROUNDS)
            .map(|round| {
                lanes().map(|(terms, key)| voucher(terms, key, round.saturating_mul(50))).collect()
            })
            .collect();
        Ok(Self { terms, keys, batched, vouchers })
    }
}

pub(super) fn verify() -> anyhow::Result<()> {
    let bed = Bed::new()?;
    singly(&bed)?;
    batched(&bed)?;
    stored(&bed)?;
    ticks()
}

fn say(what: &str, count: u64, spent: std::time::Duration) {
    let line = json!({
        "bench": "payments", "what": what, "count": count, "core_ms": spent.as_millis(),
        "per_core_second": rate(count, spent),
    });
    println!("{line}");
}

/// The anchor: plain single verification, by the chain's predicate.
fn singly(bed: &Bed) -> anyhow::Result<()> {
    let before = cpu()?;
    let mut good = 0u64;
    for vouchers in bed.vouchers.iter().take(2) {
        for ((proof, key), terms) in vouchers.iter().zip(&bed.keys).zip(&bed.terms) {
            let preimage = proof.voucher.preimage(&terms.domain);
            good = good.saturating_add(u64::from(key.signed(&preimage, &proof.signature)));
        }
    }
    say("anchor: single ed25519 verification", good, cpu()?.saturating_sub(before));
    Ok(())
}

fn claims(bed: &Bed, vouchers: &[Proof]) -> Vec<Claim> {
    let lanes = vouchers.iter().zip(&bed.batched).zip(&bed.terms);
    lanes
        .map(|((proof, key), terms)| Claim {
            key: *key,
            preimage: proof.voucher.preimage(&terms.domain),
            signature: proof.signature,
        })
        .collect()
}

/// As a settler verifies what others hand it: many lanes, nothing stored.
fn batched(bed: &Bed) -> anyhow::Result<()> {
    let before = cpu()?;
    let mut good = 0usize;
    for vouchers in &bed.vouchers {
        let held = which_hold(&claims(bed, vouchers));
        good = good.saturating_add(held.into_iter().filter(|held| *held).count());
    }
    let good = u64::try_from(good)?;
    say("verified in batches of 1,024, distinct keys", good, cpu()?.saturating_sub(before));
    Ok(())
}

/// As a payee's gateway takes them: examined, verified in batches, handed to the lanes, on disk.
fn stored(bed: &Bed) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("metering.db"), Options::default())?;
    let mut payees: Vec<Payee<Ed25519Key, LaneJournal<PayeeState>>> = Vec::new();
    for (terms, key) in bed.terms.iter().zip(&bed.keys) {
        let journal = store.journal(terms.lease, LANE);
        payees.push(Payee::open(*terms, Risk { cap: 1_000 }, *key, journal, view(NOW))?);
    }
    let before = cpu()?;
    let mut best = 0u64;
    for vouchers in &bed.vouchers {
        let keys = bed.batched.chunks(MOST);
        for ((chunk, keys), payees) in vouchers.chunks(MOST).zip(keys).zip(payees.chunks_mut(MOST))
        {
            best = best.saturating_add(take(chunk, keys, payees)?);
        }
    }
    let mut journal: LaneJournal<PayeeState> = store.journal(bed.terms[0].lease, LANE);
    caplet_metering::Journal::sync(&mut journal)?;
    let spent = cpu()?.saturating_sub(before);
    say("verified in batches, aggregated, stored durably with group commit", best, spent);
    println!("{}", json!({ "bench": "payments", "what": "commits", "count": store.commits() }));
    Ok(())
}

fn take(
    vouchers: &[Proof],
    keys: &[Key],
    payees: &mut [Payee<Ed25519Key, LaneJournal<PayeeState>>],
) -> anyhow::Result<u64> {
    let mut claims = Vec::with_capacity(vouchers.len());
    let mut waiting = Vec::with_capacity(vouchers.len());
    for ((proof, key), payee) in vouchers.iter().zip(keys).zip(payees.iter_mut()) {
        let statement = Statement::Voucher { proof: *proof, report: None };
        if let Examined::Signed(unverified) = payee.examine(&statement)? {
            claims.push(Claim {
                key: *key,
                preimage: *unverified.preimage(),
                signature: *unverified.signature(),
            });
            waiting.push((unverified, payee));
        }
    }
    let mut best = 0u64;
    for ((unverified, payee), held) in waiting.into_iter().zip(which_hold(&claims)) {
        if held {
            payee.take(unverified.is_verified(), NOW)?;
            best = best.saturating_add(1);
        }
    }
    Ok(best)
}

/// Both ends of a chain, and a payee that takes the links.
fn ticks() -> anyhow::Result<()> {
    const CHAINS: u64 = 2_000;
    let links = u64::from(MAX_LINKS);
    let terms = terms(1, Pace::ticks(MAX_LINKS, 1));
    let secret = [7; 32];
    let salt = |amount| Salt::of(&terms.domain, terms.lease, LANE, MAX_LINKS, amount, 3);

    let before = cpu()?;
    for chain in 0..CHAINS {
        let salt = salt(chain.into());
        black_box(salt.walk(&salt.last_link(&secret), MAX_LINKS));
    }
    say(
        "hash-chain ticks, one step each",
        CHAINS.saturating_mul(links),
        cpu()?.saturating_sub(before),
    );

    let before = cpu()?;
    for chain in 0..200u64 {
        let revealer = Revealer::new(salt(chain.into()), &secret, MAX_LINKS);
        let revealer = revealer.ok_or_else(|| anyhow::anyhow!("no chain"))?;
        for k in 1..=MAX_LINKS {
            black_box(revealer.reveal(k));
        }
    }
    let revealed = links.saturating_mul(200);
    say("ticks revealed with 32 checkpoints, chain made", revealed, cpu()?.saturating_sub(before));
    durable_ticks()
}

/// Ticks as a payee takes them, group-committed.
fn durable_ticks() -> anyhow::Result<()> {
    const CHAINS: u64 = 400;
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("metering.db"), Options::default())?;
    let mut payees = Vec::new();
    let mut spoken = Vec::new();
    for lease in 0..CHAINS {
        let terms = terms(lease, Pace::ticks(MAX_LINKS, 1));
        let key = key(lease);
        let journal: LaneJournal<PayeeState> = store.journal(terms.lease, LANE);
        let risk = Risk { cap: 100_000 };
        let mut payee = Payee::open(terms, risk, public(&key)?, journal, view(NOW))?;
        let mut proof = voucher(&terms, &key, 0);
        (proof.voucher.links, proof.voucher.link_units, proof.voucher.link_amount) =
            (MAX_LINKS, 1, 3);
        let salt = proof.voucher.salt(&terms.domain);
        let chain = Revealer::new(salt, &[7; 32], MAX_LINKS);
        let chain = chain.ok_or_else(|| anyhow::anyhow!("no chain"))?;
        proof.voucher.anchor = *chain.anchor();
        let preimage = proof.voucher.preimage(&terms.domain);
        proof.signature = caplet_protocol::sign::sign(&key, &preimage);
        payee.on_statement(&Statement::Voucher { proof, report: None }, NOW)?;
        let ticks: Vec<_> = (1..=MAX_LINKS)
            .filter_map(|k| chain.reveal(k).map(|link| (k, link)))
            .map(|(k, link)| caplet_metering::Tick {
                lease: terms.lease,
                lane: LANE,
                amount: proof.voucher.amount,
                k,
                link,
            })
            .collect();
        payees.push(payee);
        spoken.push(ticks);
    }
    let before = cpu()?;
    let mut taken = 0u64;
    for round in 0..usize::from(MAX_LINKS) {
        for (payee, ticks) in payees.iter_mut().zip(&spoken) {
            if let Some(tick) = ticks.get(round) {
                payee.on_statement(&Statement::Tick(*tick), NOW)?;
                taken = taken.saturating_add(1);
            }
        }
    }
    let mut journal: LaneJournal<PayeeState> = store.journal(0.into(), LANE);
    caplet_metering::Journal::sync(&mut journal)?;
    say("ticks taken by payees and group-committed", taken, cpu()?.saturating_sub(before));
    Ok(())
}
