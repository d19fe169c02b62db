//! On the embedded chain, as `caplet demo` runs it.

use caplet::demo::{DemoOptions, run};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_market_works_end_to_end_on_the_embedded_chain() {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        seconds: 45,
        patience: Duration::from_secs(180),
        json: false,
        plain: true,
        folder: Some(folder.path().to_owned()),
    };
    let report = run(options).await.unwrap();
    caplet_tests::a_market_that_worked(&report).unwrap();
}
