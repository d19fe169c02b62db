//! The ways the escrow says no can be told apart.

use caplet_api::escrow::{CloseReason, ItemResult, LeaseState};
use caplet_api::packed::PackedError;
use caplet_base::admin::AdminError;
use caplet_escrow::ContractError as E;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Lane, LeaseId};
use cosmwasm_std::{Addr, StdError};
use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

fn all() -> Vec<E> {
    let (device, asset, account, lease) = (DeviceId(1), AssetId(1), AccountId(1), LeaseId(1));
    let (payer, has, asked, free, now, end) = (account, 1, 1, 1, 1, 1);
    let (sender, token) = (Addr::unchecked("s"), Addr::unchecked("t"));
    let (reason, state, verb, index) = (CloseReason::Expired, LeaseState::Closed, "close", 1);
    vec![
        E::Std(StdError::msg("storage")),
        E::Admin(AdminError::Paused),
        E::Packed(PackedError::Ragged { len: 1, item: 2 }),
        E::Broken("x"),
        E::Migration { reason: "r".into(), name: "n", version: "v" },
        E::Full { what: "x" },
        E::NotOpener { sender: sender.clone() },
        E::NoAccount { address: "a".into() },
        E::UnknownDevice { device },
        E::InactiveDevice { device },
        E::NotDeviceOwner { device, sender },
        E::NotASide { lease, device },
        E::BadStatement { lease, device },
        E::UnknownAsset { asset },
        E::UnknownDenom { denom: "d".into() },
        E::UnknownToken { token: token.clone() },
        E::NoCoins,
        E::HugeAmount { coin: "1d".into() },
        E::UnexpectedCoins { name: "close", coins: "1d".into() },
        E::NothingReceived { token, said: 1, held: 1, owed: 1 },
        E::NotFree { account, asset, free, asked },
        E::NothingToWithdraw { account, asset, free },
        E::ToSelf,
        E::OverAllowance { device, asset, left: 1, asked: 1 },
        E::CannotPay { device, payer, asset, has, asked },
        E::NotOrdered { device, payer, asset, has, asked },
        E::NoBeneficiary { amount: 1 },
        E::UnknownFlags { index, flags: 1, known: 2 },
        E::NoFees { asset },
        E::Underfunded { index, needs: 1, unlock: 1 },
        E::NoLots { index },
        E::BadTimes { start: 1, end, now },
        E::LongWindow { what: "x", found: 1, most: 1 },
        E::UnknownLease { lease },
        E::Already { lease, state, verb },
        E::WrongReason { reason, verb },
        E::NoticeTooLate { lease, end, notice: 1, now },
        E::NoticeRunning { lease, until: None, now },
        E::NotProven { lease, reason },
        E::NotOver { lease, end, now },
        E::NotClosing { lease, state },
        E::WindowOpen { lease, secs: 1, blocks: 1 },
        E::ForeignSigner { lane: 1, device, payer },
        E::EmptyLane { lane: 1 },
        E::UnevenLanes { caps: 1, reserve: 2 },
        E::NoLane { lease, lane: Lane(1), lanes: 1 },
        E::NotLive { lease, state, verb: "top up" },
        E::NotPayer { lease, device },
        E::NotMovable { lease, from: Lane(0), to: Lane(1), asked: 2, movable: 1 },
        E::Over { lease, end, now },
        E::OtherPlacer { lease, owner: true },
        E::TooMany { count: 1, most: 1 },
        E::Empty,
        E::BadField { field: "x", found: 1, wanted: 1 },
        E::NotRedeemed { lease, result: ItemResult::Closed },
        E::DuplicateAsset { asset },
        E::BadAsset { symbol: "S".into(), what: "x" },
        E::FeesTooHigh { protocol: Bps(1), keeper: Bps(1) },
    ]
}

#[test]
fn every_refusal_reads_differently() {
    let all = all();
    let texts: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), all.len());
    let variants = include_str!("../../src/error.rs").matches("#[error(").count();
    // discriminants have no order, so they are compared pairwise
    let kinds: Vec<Discriminant<E>> = all.iter().map(discriminant).collect();
    let distinct = kinds.iter().enumerate().filter(|(i, kind)| !kinds[..*i].contains(kind)).count();
    assert_eq!(distinct, variants, "an error is missing from this list");
}

#[test]
fn every_result_of_a_voucher_reads_differently() {
    let results = (0u8..).map_while(ItemResult::from_u8);
    let refused = |result| E::NotRedeemed { lease: LeaseId(1), result }.to_string();
    let texts: BTreeSet<String> = results.map(refused).collect();
    // paid and clamped are never refused and share their words
    assert_eq!(texts.len(), 7);
}
