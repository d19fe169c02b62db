//! Leases that last through a test, money that is counted, chance that can be repeated.

use super::weather::Weather;
use crate::money::lives::Deal;
use crate::money::stage::{PAYER, PROVIDER, Stage, lasting, signer, until};
use caplet::config::Config;
use caplet::keeper::Keeper;
use caplet::leases::Lease;
use caplet_api::escrow::{BalanceResponse, LedgerResponse, QueryMsg};
use caplet_api::event::Settled;
use caplet_chain::{Chain, ChainExt as _};
use caplet_protocol::{AssetId, LeaseId};
use std::sync::Arc;
use std::time::Duration;

const ASSET: AssetId = AssetId(1);
/// A seller's gateway and a buyer's on a chain whose weather can change, and the money on it.
pub(super) struct Ground {
    pub(super) deal: Deal,
    pub(super) weather: Arc<Weather>,
    before: Money,
}

/// All the money there is, by where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) payer: u128,
    pub(super) payee: u128,
    pub(super) keepers: u128,
    pub(super) protocol: u128,
    /// Reserved for leases, and their bonds.
    pub(super) locked: u128,
}

impl Money {
    pub(super) async fn of(stage: &Stage) -> Self {
        stage.check_money().await;
        let escrow = &stage.deployment.contracts.escrow;
        let ask = QueryMsg::Ledger { asset: ASSET };
        let ledger: LedgerResponse = stage.chain.query(escrow, &ask).await.unwrap();
        let balance = async |n: u8| {
            let ask = QueryMsg::Balance { address: signer(n).address().to_owned(), asset: ASSET };
            let found: BalanceResponse = stage.chain.query(escrow, &ask).await.unwrap();
            found.free.u128() + found.ordered.u128()
        };
        Self {
            payer: balance(PAYER).await,
            payee: balance(PROVIDER).await,
            keepers: balance(11).await + balance(12).await,
            protocol: ledger.fees.u128(),
            locked: ledger.reserved.u128() + ledger.bonds.u128(),
        }
    }

    pub(super) const fn all(&self) -> u128 {
        self.payer + self.payee + self.keepers + self.protocol + self.locked
    }
}

impl Ground {
    pub(super) async fn new() -> Self {
        Self::on(Stage::running_with(lasting).await).await
    }

    /// On a stage of its own, whose leases last.
    pub(super) async fn on(stage: Stage) -> Self {
        let deal = Deal::on(stage, |_| ()).await;
        let weather = Weather::over(&deal.stage.chain);
        let before = Money::of(&deal.stage).await;
        Self { deal, weather, before }
    }

    /// Opens leases; the money is counted from here on.
    pub(super) async fn leases(&mut self, count: u16) -> Vec<Lease> {
        let leases = self.deal.leases(count).await;
        self.before = Money::of(&self.deal.stage).await;
        leases
    }

    /// Restarts the serving keeper in the weather.
    pub(super) async fn in_the_weather(&mut self) {
        self.kill(1).await;
        self.deal.serving = self.start(1).await;
    }

    /// Ends a keeper where it stands.
    pub(super) async fn kill(&self, gateway: u8) {
        let keeper = if gateway == 1 { &self.deal.serving } else { &self.deal.buying };
        keeper.context().tasks.drain(Duration::ZERO).await;
    }

    /// A keeper of that gateway's store, in the weather.
    pub(super) async fn start(&self, gateway: u8) -> Keeper {
        let chain = Arc::clone(&self.weather) as Arc<dyn Chain>;
        self.deal.stage.keeper_over(gateway, chain, impatient).await.unwrap()
    }

    /// Accepts a voucher over `amount` on every lease.
    pub(super) fn vouch(&self, leases: &[Lease], amount: u128) {
        for lease in leases {
            self.deal.accept(&self.deal.voucher(lease.id, amount, [0; 32], false), None);
        }
    }

    /// Waits until every lease has redeemed exactly this.
    pub(super) async fn redeemed(&self, leases: &[Lease], amount: u64) {
        let table = self.deal.serving.leases().clone();
        until("everything vouched for to be redeemed", async || {
            let all = leases.iter().map(|lease| table.get(lease.id).map(|l| l.redeemed()));
            all.into_iter().all(|redeemed| redeemed == Some(amount)).then_some(())
        })
        .await;
    }

    /// Counts: nothing came or went but between those who trade.
    pub(super) async fn complete(&self) -> Money {
        let now = Money::of(&self.deal.stage).await;
        assert_eq!(now.all(), self.before.all(), "{:?} became {now:?}", self.before);
        now
    }

    /// Counts: nothing came or went but between those who trade, and `paid` went to payee, keepers and
    /// protocol, once.
    pub(super) async fn count(&self, paid: u64) {
        let now = self.complete().await;
        let gained = (now.payee + now.keepers + now.protocol)
            - (self.before.payee + self.before.keepers + self.before.protocol);
        assert_eq!(gained, u128::from(paid), "{:?} became {now:?}", self.before);
        assert_eq!(settled(&self.deal.stage, None).await, paid);
    }
}

/// Keepers that are restarted again and again, with their leases.
pub(super) fn impatient(config: &mut Config) {
    config.outbox.resend_ms = 50;
    config.roles.matcher = false; // the leases are there
}

/// What settlements paid since the chain began, on one lease or on all.
pub(super) async fn settled(stage: &Stage, lease: Option<LeaseId>) -> u64 {
    let mut sum = 0;
    for height in 1..=stage.chain.head().await.unwrap().height {
        for event in stage.chain.block_events(height).await.unwrap() {
            let Ok(event) = Settled::try_from(&event) else { continue };
            let each = event.leases.iter().zip(&event.paid);
            sum += each
                .filter(|(id, _)| lease.is_none_or(|lease| lease.0 == **id))
                .map(|(_, paid)| paid)
                .sum::<u64>();
        }
    }
    sum
}

/// Chance that is the same in every run.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `most`.
    pub(super) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}
