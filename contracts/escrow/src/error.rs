//! Every way the escrow says no, with both sides and the remedy.

use caplet_api::{
    escrow::{CloseReason, ItemResult, LeaseState},
    packed::PackedError,
};
use caplet_base::admin::AdminError;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Lane, LeaseId};
use cosmwasm_std::{Addr, StdError};
use thiserror::Error;

/// Why the escrow refuses. Nothing is changed then.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, address or query trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A packed list that does not parse.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// An invariant of the escrow itself does not hold; the message is undone.
    #[error("the escrow contradicts itself: {0}; nothing was changed, report it")]
    Broken(&'static str),
    /// Migration from something that is no older escrow.
    #[error("cannot become {name} {version}: {reason}; migrate an older {name} only")]
    Migration {
        /// What cw2 says.
        reason: String,
        /// This contract.
        name: &'static str,
        /// This version.
        version: &'static str,
    },
    /// A numbered table has no number left.
    #[error("no number is left for more {what}: reuse one that exists")]
    Full {
        /// Of what.
        what: &'static str,
    },

    // who
    /// Lock, unlock and open are for contracts that governance named.
    #[error("{sender} may not lock or open: the owner names openers with set_openers")]
    NotOpener {
        /// Who sent.
        sender: Addr,
    },
    /// An address that the registry has not numbered.
    #[error(
        "{address} has no account: open one with the registry's open_account, in the same transaction if you like"
    )]
    NoAccount {
        /// The address.
        address: String,
    },
    /// A device that the registry does not know.
    #[error("device {device} is not registered: register it with the registry first")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// A device that is frozen or retired.
    #[error("device {device} is not active: only active devices open leases, thaw it first")]
    InactiveDevice {
        /// The device.
        device: DeviceId,
    },
    /// Only the owner of a device says what its key may spend.
    #[error("{sender} does not own device {device}: send it from the account of its owner")]
    NotDeviceOwner {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// Neither the side's owner sent nor its device signed.
    #[error(
        "lease {lease}: only the owner of device {device} may ask this, or anyone with its signed closing statement"
    )]
    NotASide {
        /// The lease.
        lease: LeaseId,
        /// The side's device.
        device: DeviceId,
    },
    /// A closing statement that the side's device did not sign.
    #[error(
        "lease {lease}: the statement is not signed by device {device}'s present key over this lease and reason: sign it again"
    )]
    BadStatement {
        /// The lease.
        lease: LeaseId,
        /// The device whose key must sign.
        device: DeviceId,
    },

    // money
    /// No such asset.
    #[error("asset {asset} is not accepted: the assets query lists those that are")]
    UnknownAsset {
        /// The asset.
        asset: AssetId,
    },
    /// A coin that is not accepted.
    #[error("coins of {denom} are not accepted: the assets query lists those that are")]
    UnknownDenom {
        /// The denomination.
        denom: String,
    },
    /// A token that is not accepted.
    #[error("tokens of {token} are not accepted: send a token that the assets query lists")]
    UnknownToken {
        /// Who called.
        token: Addr,
    },
    /// A deposit without money.
    #[error("no coins came with the deposit: attach coins of an accepted asset")]
    NoCoins,
    /// More than the ledger counts in.
    #[error("{coin} does not fit 128 bits: deposit less of it")]
    HugeAmount {
        /// The coin.
        coin: String,
    },
    /// Money that a message has no use for.
    #[error("{name} takes no coins, {coins} came with it: send them with a deposit")]
    UnexpectedCoins {
        /// The message.
        name: &'static str,
        /// What was attached.
        coins: String,
    },
    /// A token called without having moved anything.
    #[error(
        "token {token} says it sent {said}, but the escrow has {held} and already counts {owed}: nothing is credited"
    )]
    NothingReceived {
        /// The token.
        token: Addr,
        /// The message's word.
        said: u128,
        /// What the token says the escrow has.
        held: u128,
        /// What the escrow's ledger counts.
        owed: u128,
    },
    /// More than is free.
    #[error(
        "asked {asked} of asset {asset}, account {account} has {free} free: ask less or deposit first"
    )]
    NotFree {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// Base units free.
        free: u128,
        /// Base units asked.
        asked: u128,
    },
    /// A withdrawal of nothing.
    #[error(
        "nothing to withdraw: account {account} has {free} free of asset {asset}, name an amount above 0"
    )]
    NothingToWithdraw {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// Base units free.
        free: u128,
    },
    /// A withdrawal to the escrow itself would be nobody's money.
    #[error("the escrow cannot withdraw to itself: name another address")]
    ToSelf,
    /// A device's key that may not commit so much.
    #[error(
        "device {device} asks to commit {asked} of asset {asset}, {left} is left of what its owner allowed its key: raise it with authorise"
    )]
    OverAllowance {
        /// The device.
        device: DeviceId,
        /// Of what.
        asset: AssetId,
        /// Base units left.
        left: u64,
        /// Base units asked.
        asked: u64,
    },
    /// A payer without enough free money.
    #[error(
        "device {device} asks for {asked} of asset {asset}, its owner's account {payer} has {has} free: deposit or order less"
    )]
    CannotPay {
        /// The device.
        device: DeviceId,
        /// Its owner.
        payer: AccountId,
        /// Of what.
        asset: AssetId,
        /// Base units free.
        has: u128,
        /// Base units asked.
        asked: u128,
    },
    /// More to give back or to open with than is locked.
    #[error(
        "device {device} has orders for {asked} of asset {asset} to end, its owner's account {payer} has {has} ordered: lock it first"
    )]
    NotOrdered {
        /// The device.
        device: DeviceId,
        /// Its owner.
        payer: AccountId,
        /// Of what.
        asset: AssetId,
        /// Base units ordered.
        has: u128,
        /// Base units asked.
        asked: u128,
    },
    /// Money for somebody whom the message does not name.
    #[error(
        "items of the message pay {amount} to a beneficiary, none is named: name one with an account"
    )]
    NoBeneficiary {
        /// Base units.
        amount: u64,
    },
    /// Flags without meaning.
    #[error("item {index} has flags {flags:#04x}, {known:#04x} are known: clear the others")]
    UnknownFlags {
        /// Which item, from 0.
        index: usize,
        /// As given.
        flags: u8,
        /// Those with a meaning.
        known: u8,
    },
    /// Protocol fees that are nothing.
    #[error("no fees of asset {asset} to sweep: wait for settlements")]
    NoFees {
        /// Of what.
        asset: AssetId,
    },

    // opening
    /// A lease that needs more than was unlocked for it.
    #[error(
        "item {index} needs {needs} for price, bond and fee, {unlock} is unlocked for it: unlock at least that"
    )]
    Underfunded {
        /// Which item, from 0.
        index: usize,
        /// Base units needed.
        needs: u128,
        /// Base units unlocked.
        unlock: u64,
    },
    /// A lease of nothing.
    #[error("item {index} opens a lease of 0 lots: open at least one")]
    NoLots {
        /// Which item, from 0.
        index: usize,
    },
    /// Terms that end before they start, or are over.
    #[error(
        "terms run from {start} to {end}, it is {now}: end them after their start and after now"
    )]
    BadTimes {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// Unix seconds.
        now: u64,
    },
    /// A window that would lock money up.
    #[error("{what} of {found} is above {most}: shorten it")]
    LongWindow {
        /// Which.
        what: &'static str,
        /// As given.
        found: u32,
        /// Most.
        most: u32,
    },

    // leases
    /// No such lease.
    #[error("there is no lease {lease}: look at the event that opened it")]
    UnknownLease {
        /// The lease.
        lease: LeaseId,
    },
    /// Nothing of the list is in a state that the message changes.
    #[error("lease {lease} is {state:?} already, there is nothing to {verb}: leave it out")]
    Already {
        /// The first of the list.
        lease: LeaseId,
        /// Where it stands.
        state: LeaseState,
        /// What was asked.
        verb: &'static str,
    },
    /// A reason that belongs to another message or cannot be given by hand.
    #[error(
        "{reason:?} is no reason to {verb} a lease: see the table of lease states for the message that gives it"
    )]
    WrongReason {
        /// As given.
        reason: CloseReason,
        /// What was asked.
        verb: &'static str,
    },
    /// A notice that would run past the end.
    #[error(
        "lease {lease} ends at {end}, a notice of {notice} s given at {now} would pass later: let it expire"
    )]
    NoticeTooLate {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        end: u64,
        /// Seconds.
        notice: u32,
        /// Unix seconds.
        now: u64,
    },
    /// Reclaiming without notice, or before it has passed.
    #[error(
        "lease {lease} may be reclaimed once its notice has passed: {until:?} if given, it is {now}"
    )]
    NoticeRunning {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds when it has passed; `None` if no notice was given.
        until: Option<u64>,
        /// Unix seconds.
        now: u64,
    },
    /// The registry does not show what the reason says.
    #[error("lease {lease}: the registry does not show {reason:?} for either of its devices")]
    NotProven {
        /// The lease.
        lease: LeaseId,
        /// As given.
        reason: CloseReason,
    },
    /// A lease that is not over.
    #[error("lease {lease} runs until {end}, it is {now}: poke it then")]
    NotOver {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        end: u64,
        /// Unix seconds.
        now: u64,
    },
    /// A lease that is not closing.
    #[error("lease {lease} is {state:?}: close it, or poke it after its end, before it is swept")]
    NotClosing {
        /// The lease.
        lease: LeaseId,
        /// Where it stands.
        state: LeaseState,
    },
    /// A settle window that has not passed.
    #[error(
        "lease {lease}: its settle window runs {secs} s and {blocks} blocks more: sweep it then"
    )]
    WindowOpen {
        /// The lease.
        lease: LeaseId,
        /// Seconds left.
        secs: u32,
        /// Blocks left.
        blocks: u32,
    },
    /// More items than a message may carry.
    #[error("{count} entries, at most {most} are taken: split the list")]
    TooMany {
        /// Given.
        count: usize,
        /// Taken.
        most: usize,
    },
    /// A message about nothing.
    #[error("the list is empty: name at least one entry")]
    Empty,

    // lanes
    /// A lane signed by a device of somebody else.
    #[error(
        "lane {lane} is to be signed by device {device}, which is not one of account {payer} that pays: name a device of the payer"
    )]
    ForeignSigner {
        /// Which lane, from 0.
        lane: usize,
        /// The device.
        device: DeviceId,
        /// Who pays.
        payer: AccountId,
    },
    /// A lane that could redeem nothing.
    #[error("lane {lane} has a cap of 0: give it a part of the reserve or leave it out")]
    EmptyLane {
        /// Which lane, from 0.
        lane: usize,
    },
    /// Lanes that may redeem more or less than is reserved.
    #[error("the lanes' caps add up to {caps}, price x lots reserves {reserve}: make them equal")]
    UnevenLanes {
        /// Sum of the caps, base units.
        caps: u128,
        /// The reserve, base units.
        reserve: u64,
    },
    /// A lane that the lease does not have.
    #[error("lease {lease} has no lane {lane}: its lanes are 0 to {lanes}, not counted in")]
    NoLane {
        /// The lease.
        lease: LeaseId,
        /// As given.
        lane: Lane,
        /// How many it has.
        lanes: u8,
    },
    /// A lease that is not served any more.
    #[error("lease {lease} is {state:?}, there is nothing to {verb}: open another lease")]
    NotLive {
        /// The lease.
        lease: LeaseId,
        /// Where it stands.
        state: LeaseState,
        /// What was asked.
        verb: &'static str,
    },
    /// Only the payer moves reserve.
    #[error("lease {lease}: only the account that pays for device {device} moves reserve between its lanes")]
    NotPayer {
        /// The lease.
        lease: LeaseId,
        /// The consuming device.
        device: DeviceId,
    },
    /// Nothing, more than may go, or to the same lane.
    #[error(
        "lease {lease}: asked to move {asked} from lane {from} to lane {to}, at most {movable} may go: what is redeemed and the exposure cap stay, name 1 to {movable} and two lanes"
    )]
    NotMovable {
        /// The lease.
        lease: LeaseId,
        /// The lane that would give.
        from: Lane,
        /// The lane that would receive.
        to: Lane,
        /// Base units asked.
        asked: u64,
        /// Base units that may go.
        movable: u64,
    },
    /// A lease past its end takes no more lots.
    #[error("lease {lease} ended at {end}, it is {now}: open another lease")]
    Over {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        end: u64,
        /// Unix seconds.
        now: u64,
    },
    /// Lots asked by another than asked for the lease.
    #[error(
        "lease {lease} was ordered by {}: lots are added by the same only, since what returns goes back to the allowance it came from", if *.owner { "its owner" } else { "its device's key" }
    )]
    OtherPlacer {
        /// The lease.
        lease: LeaseId,
        /// Whether the owner itself ordered it.
        owner: bool,
    },

    // vouchers
    /// A field of a voucher written out that has another length.
    #[error("the voucher's {field} has {found} bytes, it must have {wanted}")]
    BadField {
        /// Which.
        field: &'static str,
        /// Bytes given.
        found: usize,
        /// Bytes needed.
        wanted: usize,
    },
    /// A voucher that cannot be redeemed.
    #[error("the voucher on lease {lease} pays nothing: {}", why(*.result))]
    NotRedeemed {
        /// The lease.
        lease: LeaseId,
        /// What became of it.
        result: ItemResult,
    },

    // governance
    /// An asset that is on the list already.
    #[error("this is asset {asset} already: use that number")]
    DuplicateAsset {
        /// Its number.
        asset: AssetId,
    },
    /// An asset that cannot be accepted as described.
    #[error("asset {symbol}: {what}")]
    BadAsset {
        /// Its symbol.
        symbol: String,
        /// What is wrong and what would be right.
        what: &'static str,
    },
    /// Fees above everything.
    #[error("fees of {protocol} and {keeper} basis points exceed 10000 together: lower them")]
    FeesTooHigh {
        /// Protocol's.
        protocol: Bps,
        /// Keeper's.
        keeper: Bps,
    },
}

/// Why an item pays nothing, in words.
fn why(result: ItemResult) -> &'static str {
    match result {
        ItemResult::BadSignature => {
            "its signature is not the lane device's, by its present key or one still in its settle window"
        }
        ItemResult::BadChain => {
            "the revealed link does not reach the anchor; send the right one, or none for the plain amount"
        }
        ItemResult::Closed => "the lease is closed",
        ItemResult::Unknown => "it has no such lane",
        ItemResult::Malformed => {
            "links, link amount and anchor must be all there or all zero, at most 1024 links"
        }
        ItemResult::Stale => "as much was redeemed already",
        ItemResult::Paid | ItemResult::Clamped => "it was paid",
    }
}
