//! Money that the story moves and that is no payer's.

use super::story::Story;
use crate::scenario::report::Money;
use anyhow::Context as _;
use caplet_api::escrow::{BalanceResponse, ExecuteMsg, QueryMsg};
use caplet_api::registry::ExecuteMsg as Registry;
use caplet_chain::{Coin, Msg, Signer};
use caplet_protocol::AssetId;

/// What the story pays with, and the asset that this is.
const DENOM: &str = "ucap";
const ASSET: AssetId = AssetId(1);
/// Base units that each account puts into escrow, for collateral and stakes.
const PUT_UP: u128 = 1_000_000;

/// Base units, all of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::scenario) struct Moved {
    /// Deposited by providers and gateways of the story.
    put_up: u128,
    /// Withdrawn by them again: providers what they put up, gateways all they have, the keeper's fees that they
    /// earned with it.
    taken_back: u128,
    /// Paid by the pool into its members' accounts, outside escrow.
    pub(super) paid_out: u128,
}

impl Moved {
    /// Providers and gateways deposit.
    pub(super) async fn put_up(story: &Story<'_>) -> anyhow::Result<Self> {
        let stage = story.set.stage;
        let contracts = &stage.deployment.contracts;
        let mut moved = Self::default();
        for signer in stage.providers.iter().chain(&stage.pool) {
            let open = Registry::OpenAccount { address: None };
            let deposit = ExecuteMsg::Deposit { account: None };
            let coins = vec![Coin { denom: DENOM.to_owned(), amount: PUT_UP }];
            let msgs = vec![
                Msg::execute(&contracts.registry, &open)?,
                Msg::execute_with(&contracts.escrow, &deposit, coins)?,
            ];
            stage.send(signer, msgs).await?;
            moved.put_up = moved.put_up.saturating_add(PUT_UP);
        }
        Ok(moved)
    }

    /// They withdraw.
    pub(super) async fn take_back(&mut self, story: &Story<'_>) -> anyhow::Result<()> {
        let stage = story.set.stage;
        for provider in &stage.providers {
            self.withdraw(story, provider, PUT_UP).await?;
        }
        for gateway in &stage.pool {
            let ask = QueryMsg::Balance { address: gateway.address().to_owned(), asset: ASSET };
            let has: BalanceResponse = story.ask(&stage.deployment.contracts.escrow, &ask).await?;
            self.withdraw(story, gateway, has.free.u128()).await?;
        }
        Ok(())
    }

    async fn withdraw(
        &mut self,
        story: &Story<'_>,
        signer: &Signer,
        amount: u128,
    ) -> anyhow::Result<()> {
        let back = ExecuteMsg::Withdraw { asset: ASSET, amount: Some(amount.into()), to: None };
        story.tell(signer, &story.set.stage.deployment.contracts.escrow, &back).await?;
        self.taken_back = self.taken_back.saturating_add(amount);
        Ok(())
    }

    /// What payers deposited and withdrew, what providers earned and what fees were, without what the story put up:
    /// escrow's ledger tells deposits and withdrawals of all accounts in one.
    ///
    /// # Errors
    /// If the ledger holds less than this story has moved, or its gateways took back less than they put up.
    pub(in crate::scenario) fn apart(self, asset: AssetId, money: Money) -> anyhow::Result<Money> {
        if asset != ASSET {
            return Ok(money);
        }
        let less = |from: u128, what: u128| from.checked_sub(what).context("less than was moved");
        let more = |to: u128, what: u128| to.checked_add(what).context("money overflows");
        Ok(Money {
            deposited: less(money.deposited, self.put_up)?,
            refunded: less(less(money.refunded, self.taken_back)?, self.paid_out)?,
            paid: more(money.paid, self.paid_out)?,
            fees: more(money.fees, less(self.taken_back, self.put_up)?)?,
            ..money
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Of a ledger that adds up, whatever the story has moved through it.
        #[test]
        fn what_is_left_of_a_ledger_without_the_story_adds_up_as_before(
            parts in prop::array::uniform4(0u128..1 << 100),
            put_up in 0u128..1 << 100,
            earned in 0u128..1 << 60,
            paid_out in 0u128..1 << 60,
        ) {
            let [paid, fees, refunded, balance_remaining] = parts;
            let payers = Money {
                deposited: paid + fees + refunded + balance_remaining + earned + paid_out,
                paid, fees, refunded, balance_remaining,
            };
            let moved = Moved { put_up, taken_back: put_up + earned, paid_out };
            let ledger = Money {
                deposited: payers.deposited + put_up,
                refunded: refunded + moved.taken_back + paid_out,
                ..payers
            };
            let apart = moved.apart(ASSET, ledger).unwrap();
            prop_assert!(apart.adds_up(), "{apart:?}");
            prop_assert_eq!((apart.paid, apart.fees), (paid + paid_out, fees + earned));
            prop_assert_eq!((apart.refunded, apart.deposited), (refunded, payers.deposited));
            prop_assert_eq!(moved.apart(AssetId(2), ledger).unwrap(), ledger);
            let off = Money { deposited: ledger.deposited + 1, ..ledger };
            prop_assert!(!moved.apart(ASSET, off).unwrap().adds_up(), "a unit too many is seen");
        }
    }

    #[test]
    fn a_ledger_that_holds_less_than_was_moved_is_an_error() {
        let moved = Moved { put_up: 10, taken_back: 10, paid_out: 1 };
        let money = Money { deposited: 10, refunded: 10, ..Money::default() };
        assert!(moved.apart(ASSET, money).is_err());
        let lost = Moved { taken_back: 9, paid_out: 0, ..moved };
        assert!(lost.apart(ASSET, money).is_err(), "a gateway has lost money");
    }
}
