//! Money that is not there, not accepted, or not asked for.

use caplet_protocol::{AccountId, AssetId, DeviceId};
use cosmwasm_std::Addr;
use thiserror::Error;

/// Money that is not there, not accepted, or not asked for.
#[derive(Debug, Error)]
pub enum MoneyError {
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
}
