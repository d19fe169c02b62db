//! The ways the escrow says no can be told apart.

use caplet_api::escrow::{CloseReason, ItemResult, LeaseState};
use caplet_api::packed::PackedError;
use caplet_base::admin::AdminError;
use caplet_escrow::ContractError as E;
use caplet_escrow::error::{
    LaneError, LeaseError, MoneyError, OpeningError, PartyError, RuleError, VoucherError,
};
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Lane, LeaseId};
use cosmwasm_std::{Addr, StdError};
use std::collections::BTreeSet;

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
        PartyError::NotOpener { sender: sender.clone() }.into(),
        PartyError::NoAccount { address: "a".into() }.into(),
        PartyError::UnknownDevice { device }.into(),
        PartyError::InactiveDevice { device }.into(),
        PartyError::NotDeviceOwner { device, sender }.into(),
        PartyError::NotASide { lease, device }.into(),
        PartyError::BadStatement { lease, device }.into(),
        MoneyError::UnknownAsset { asset }.into(),
        MoneyError::UnknownDenom { denom: "d".into() }.into(),
        MoneyError::UnknownToken { token: token.clone() }.into(),
        MoneyError::NoCoins.into(),
        MoneyError::HugeAmount { coin: "1d".into() }.into(),
        MoneyError::UnexpectedCoins { name: "close", coins: "1d".into() }.into(),
        MoneyError::NothingReceived { token, said: 1, held: 1, owed: 1 }.into(),
        MoneyError::NotFree { account, asset, free, asked }.into(),
        MoneyError::NothingToWithdraw { account, asset, free }.into(),
        MoneyError::ToSelf.into(),
        MoneyError::OverAllowance { device, asset, left: 1, asked: 1 }.into(),
        MoneyError::CannotPay { device, payer, asset, has, asked }.into(),
        MoneyError::NotOrdered { device, payer, asset, has, asked }.into(),
        MoneyError::NoBeneficiary { amount: 1 }.into(),
        MoneyError::UnknownFlags { index, flags: 1, known: 2 }.into(),
        MoneyError::NoFees { asset }.into(),
        OpeningError::Underfunded { index, needs: 1, unlock: 1 }.into(),
        OpeningError::NoLots { index }.into(),
        OpeningError::BadTimes { start: 1, end, now }.into(),
        OpeningError::LongWindow { what: "x", found: 1, most: 1 }.into(),
        LeaseError::UnknownLease { lease }.into(),
        LeaseError::Already { lease, state, verb }.into(),
        LeaseError::WrongReason { reason, verb }.into(),
        LeaseError::NoticeTooLate { lease, end, notice: 1, now }.into(),
        LeaseError::NoticeRunning { lease, until: None, now }.into(),
        LeaseError::NotProven { lease, reason }.into(),
        LeaseError::NotOver { lease, end, now }.into(),
        LeaseError::NotClosing { lease, state }.into(),
        LeaseError::WindowOpen { lease, secs: 1, blocks: 1 }.into(),
        LaneError::ForeignSigner { lane: 1, device, payer }.into(),
        LaneError::EmptyLane { lane: 1 }.into(),
        LaneError::UnevenLanes { caps: 1, reserve: 2 }.into(),
        LaneError::NoLane { lease, lane: Lane(1), lanes: 1 }.into(),
        LaneError::NotLive { lease, state, verb: "top up" }.into(),
        LaneError::NotPayer { lease, device }.into(),
        LaneError::OthersLots { lease, own: (1, 2, 3), brought: (1, 2, 4) }.into(),
        LaneError::DearerLots { lease, price: 1, asked: 2 }.into(),
        LaneError::NotMovable { lease, from: Lane(0), to: Lane(1), asked: 2, movable: 1 }.into(),
        LaneError::Over { lease, end, now }.into(),
        LaneError::OtherPlacer { lease, owner: true }.into(),
        LeaseError::TooMany { count: 1, most: 1 }.into(),
        LeaseError::Empty.into(),
        VoucherError::BadField { field: "x", found: 1, wanted: 1 }.into(),
        VoucherError::NotRedeemed { lease, result: ItemResult::Closed }.into(),
        RuleError::DuplicateAsset { asset }.into(),
        RuleError::BadAsset { symbol: "S".into(), what: "x" }.into(),
        RuleError::FeesTooHigh { protocol: Bps(1), keeper: Bps(1) }.into(),
    ]
}

#[test]
fn every_refusal_reads_differently() {
    let all = all();
    let texts: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), all.len());
    let files = [
        include_str!("../../src/error/mod.rs"),
        include_str!("../../src/error/lane.rs"),
        include_str!("../../src/error/lease.rs"),
        include_str!("../../src/error/money.rs"),
        include_str!("../../src/error/opening.rs"),
        include_str!("../../src/error/party.rs"),
        include_str!("../../src/error/rule.rs"),
        include_str!("../../src/error/voucher.rs"),
    ];
    // seven of the whole pass on what a part says
    let variants: usize = files.iter().map(|file| file.matches("#[error(").count()).sum();
    let debug = |error: &E| format!("{error:?}");
    let kinds: BTreeSet<String> = all
        .iter()
        .map(|error| debug(error).split(['{', '"']).next().unwrap_or_default().to_string())
        .collect();
    assert_eq!(kinds.len(), variants - 7, "an error is missing from this list");
}

#[test]
fn every_result_of_a_voucher_reads_differently() {
    let results = (0u8..).map_while(ItemResult::from_u8);
    let refused = |result| VoucherError::NotRedeemed { lease: LeaseId(1), result }.to_string();
    let texts: BTreeSet<String> = results.map(refused).collect();
    // paid and clamped are never refused and share their words
    assert_eq!(texts.len(), 7);
}
