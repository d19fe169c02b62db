//! On a real wasmd chain, which `scripts/test` starts.

use caplet::scenario::{Timing, play};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn the_market_works_end_to_end_on_wasmd() {
    let home = PathBuf::from(
        std::env::var_os("CAPLET_LOCALNET").expect("CAPLET_LOCALNET names the chain's home"),
    );
    let folder = tempfile::tempdir().unwrap();
    let stage = caplet_tests::localnet_stage(&home, folder.path()).await.unwrap();
    let secs = Duration::from_secs;
    let timing = Timing { trade: secs(40), patience: secs(180), settle: secs(300) };
    let report =
        play(stage, timing, Arc::new(|happening| println!("{happening:?}"))).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    caplet_tests::a_market_that_worked(&report).unwrap();
}
