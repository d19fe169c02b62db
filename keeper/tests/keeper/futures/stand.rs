//! A chain with two keepers, the owners of their devices, and strangers who trade beside them.

use crate::common::ground::Ground;
pub use crate::common::ground::{MARKET, find, keeper_signer, signer};
use crate::common::{Goods, free_port};
use caplet::config::Config;
use caplet::deploy::local_spec;
use caplet::keeper::Keeper;
use caplet_api::auction;
use caplet_api::futures::{
    ExecuteMsg, MarkResponse, PositionResponse, QueryMsg, SeriesListResponse, SeriesResponse,
};
use caplet_chain::{Msg, TxResult};
use caplet_protocol::{CellId, DeviceId, Kind};
use caplet_simulator::{Letting, Told};
use std::ops::Deref;
use tokio::sync::mpsc;

/// Seconds of a slot: a window of a series here, where a week of hours would be one.
pub const SLOT_SECS: u64 = 40;
/// What the market begins with, base units a lot: nobody clears it, so that stays its base price.
pub const BASE: u64 = 1_000;
/// What thermometers let out: two seconds of readings.
const READINGS: Goods =
    Goods { kind: Kind::Sensor, resource: "temperature", unit: "reading", lot: 20 };
/// What the seller's device asks on spot: nobody takes that.
const DEAR: u64 = 20_000;
const DEPOSIT: u128 = 1_000_000;

/// Accounts: who sells ahead, who buys ahead, and strangers, consumers and providers.
pub const SELLER: u8 = 3;
pub const BUYER: u8 = 4;
pub const CONSUMERS: [u8; 2] = [5, 6];
pub const PROVIDERS: [u8; 2] = [7, 8];

/// Chain, contracts, devices.
pub struct Stand {
    ground: Ground,
    pub futures: String,
    _hears: mpsc::UnboundedReceiver<Told>,
}

impl Deref for Stand {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl Stand {
    pub async fn new() -> Self {
        let owners = [SELLER, BUYER].into_iter().chain(CONSUMERS).chain(PROVIDERS);
        let owners: Vec<_> = owners.map(signer).collect();
        let accounts: Vec<_> = owners.iter().cloned().chain([1, 2].map(keeper_signer)).collect();
        let mut spec = local_spec(&[signer(1).address().to_owned()]);
        let market = &mut spec.markets[0];
        (market.lot_units, market.slot_secs) = (READINGS.lot.into(), SLOT_SECS as u32);
        // short series are not to default before the slot comes, however slow this machine is
        spec.futures.as_mut().unwrap().grace_secs = 3_600;
        let (ground, hears) = Ground::new(&accounts, &spec).await;
        for owner in &owners {
            ground.open(owner, DEPOSIT).await;
        }
        let futures = ground.deployment.contracts.futures.clone().unwrap();
        Self { ground, futures, _hears: hears }
    }

    /// An owner's own message to the futures contract.
    pub async fn tell(&self, owner: u8, msg: &ExecuteMsg) -> TxResult {
        self.send(&signer(owner), vec![Msg::execute(&self.futures, msg).unwrap()]).await
    }

    /// A keeper that clears no market.
    pub async fn keeper(&self, number: u8, change: impl FnOnce(&mut Config)) -> Keeper {
        let changed = |config: &mut Config| {
            config.mqtt.embedded.listen = free_port();
            config.roles.matcher = false;
            change(config);
        };
        self.ground.keeper(number, CellId(number.into()), changed).await
    }

    /// A thermometer of the seller's at a keeper; one lot of it is on spot, too dear for anybody.
    pub async fn thermometer(&self, keeper: &Keeper) -> DeviceId {
        let lets = vec![Letting { ask: DEAR, ..READINGS.letting() }];
        self.device(keeper, 60, SELLER, lets).await
    }

    /// A device of the buyer's at a keeper; it asks for nothing by itself.
    pub async fn reader(&self, keeper: &Keeper) -> DeviceId {
        self.device(keeper, 70, BUYER, Vec::new()).await
    }

    async fn device(&self, keeper: &Keeper, seed: u8, owner: u8, lets: Vec<Letting>) -> DeviceId {
        let owner = signer(owner).address().to_owned();
        self.ground.device(keeper, seed, owner, lets, Vec::new()).await.1
    }

    /// All series, in the order in which they were issued.
    pub async fn series(&self) -> Vec<SeriesResponse> {
        let ask = QueryMsg::AllSeries { start_after: None, limit: Some(100) };
        self.ask::<SeriesListResponse>(&self.futures, &ask).await.series
    }

    pub async fn mark(&self) -> MarkResponse {
        self.ask(&self.futures, &QueryMsg::Mark { market: MARKET }).await
    }

    /// Lots that a device holds of a series of one slot.
    pub async fn holds(&self, series: u32, device: DeviceId) -> u32 {
        let ask = QueryMsg::Position { series, device };
        let found: PositionResponse = self.ask(&self.futures, &ask).await;
        found.runs.iter().map(|run| run.lots).sum()
    }

    /// Lots of a device that are reserved in a slot.
    pub async fn reserved(&self, device: DeviceId, slot: u32) -> u16 {
        let (first_slot, slots) = (Some(slot), Some(1));
        let ask = auction::QueryMsg::Capacity { market: MARKET, device, first_slot, slots };
        let auction = self.deployment.contracts.auction.clone();
        let found: auction::CapacityResponse = self.ask(&auction, &ask).await;
        found.slots[0].reserved.0
    }

    /// Ends the devices, then the keepers.
    pub async fn end(self, keepers: impl IntoIterator<Item = Keeper>) {
        self.ground.end(keepers).await;
    }
}
