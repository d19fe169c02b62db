//! How far gateways are from each other, as their keepers measure it.

use super::stage::{Stage, signer};
use crate::common::until;
use caplet::config::Config;
use caplet::deploy::Spec;
use caplet::keeper::Keeper;
use caplet_api::auction::{LatencyResponse, QueryMsg as AskAuction};
use caplet_api::registry::{
    CellLatencyResponse, ExecuteMsg as Registry, GatewayResponse, QueryMsg as AskRegistry,
    RttsResponse,
};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::CellId;
use std::time::Duration;

const NEAR: CellId = CellId(1);
const FAR: CellId = CellId(2);

/// What the deployment says is between the two, in milliseconds: more than anything that is waited for, so what is measured
/// is always news.
const DEPLOYED: u16 = 60_000;

/// A gateway in a cell of its own, which others measure.
struct Ground {
    stage: Stage,
    far: Keeper,
}

fn lean(config: &mut Config) {
    config.fabric.on = false;
    config.roles.matcher = false;
    config.roles.settler = false;
}

impl Ground {
    async fn new() -> Self {
        let far_apart = |spec: &mut Spec| spec.latency.iter_mut().for_each(|e| e.ms = DEPLOYED);
        let stage = Stage::with(far_apart).await;
        let far = stage.keeper(2, lean).await;
        Self { stage, far }
    }

    /// A keeper that measures from the near cell.
    async fn keeper(&self, gateway: u8, measure_secs: u64) -> Keeper {
        let peer = self.far.exchange().unwrap().to_string();
        let set = |config: &mut Config| {
            lean(config);
            config.exchange.measure_secs = measure_secs;
            config.exchange.peers = vec![peer];
        };
        let keeper = self.stage.keeper(gateway, set).await;
        let address = signer(10 + gateway).address().to_owned();
        let cell = Registry::AssignCell { gateway: address, cell: NEAR };
        let msg = Msg::execute(&self.stage.deployment.contracts.registry, &cell).unwrap();
        self.stage.send(&self.stage.admin, vec![msg]).await;
        keeper
    }

    async fn registry<T: serde::de::DeserializeOwned>(&self, ask: AskRegistry) -> T {
        let registry = &self.stage.deployment.contracts.registry;
        self.stage.chain.query(registry, &ask).await.unwrap()
    }

    async fn between(&self) -> CellLatencyResponse {
        self.registry(AskRegistry::CellLatency { a: NEAR, b: FAR }).await
    }

    /// What was measured of the far gateway, ascending.
    async fn reports(&self) -> Vec<u16> {
        let ask = AskRegistry::Rtts { gateway: self.far.context().account };
        let found: RttsResponse = self.registry(ask).await;
        let mut reports: Vec<u16> = found.measured.iter().map(|report| report.ms).collect();
        reports.sort_unstable();
        reports
    }

    /// What the auction counts with.
    async fn matrix(&self) -> u16 {
        let auction = &self.stage.deployment.contracts.auction;
        let known: LatencyResponse =
            self.stage.chain.query(auction, &AskAuction::Latency {}).await.unwrap();
        let entry = known.entries.iter().find(|entry| (entry.a, entry.b) == (NEAR, FAR));
        entry.unwrap().ms
    }

    async fn far_cell(&self) -> CellId {
        let ask = AskRegistry::Gateway { address: signer(12).address().to_owned() };
        let found: GatewayResponse = self.registry(ask).await;
        found.cell
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_is_the_median_of_three_keepers_and_a_gateway_goes_where_it_is_near() {
    let ground = Ground::new().await;
    assert_eq!(ground.matrix().await, DEPLOYED);
    let (first, third) = (ground.keeper(1, 1).await, ground.keeper(3, 1).await);
    until("two to have measured it", async || {
        (ground.between().await.reporters == 2).then_some(())
    })
    .await;
    first.stop(Duration::from_secs(10)).await;
    third.stop(Duration::from_secs(10)).await;
    assert_eq!(ground.between().await.ms, None, "two voices are none");
    assert_eq!((ground.matrix().await, ground.far_cell().await), (DEPLOYED, FAR));

    // time between its rounds to see what comes of the first, on a machine that stalls too
    let fourth = ground.keeper(4, 12).await;
    let (ms, reports) = until("the auction to take a third voice", async || {
        let (ms, reports) = (ground.matrix().await, ground.reports().await);
        (ms != DEPLOYED).then_some((ms, reports))
    })
    .await;
    assert_eq!((reports.len(), ms), (3, reports[1]), "the median of {reports:?}");
    // nobody in its own cell speaks for the far one, three speak for the near
    until("what was measured to place it", async || {
        (ground.far_cell().await == NEAR).then_some(())
    })
    .await;
    fourth.stop(Duration::from_secs(10)).await;
    ground.far.stop(Duration::from_secs(10)).await;
}
