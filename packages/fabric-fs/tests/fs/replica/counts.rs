//! Both sides of a store's lease count the same, whoever serves it.

use super::support::{LEASE, PATIENCE, Pool, ROOMY, SECOND};
use crate::{key, noise, write};
use caplet_fabric::Tariff;
use caplet_fabric::client::Client;
use caplet_fabric::lease::ChainView as _;
use caplet_fabric_fs::Vault;
use caplet_fabric_testkit::Options;

/// KiB of a lot, of which an eighth is paid ahead.
const LOT: u64 = 2_560;
/// Bytes of a file; what it costs with the manifest that names it and a hundred others is less than so many KiB.
const LEN: usize = 16 << 10;
const WRITE: u64 = 32;

/// No two are alike.
fn file(n: u8) -> Vec<u8> {
    let mut bytes = noise(LEN);
    bytes[0] = n;
    bytes
}

fn name(n: u8) -> String {
    format!("file-{n}")
}

/// What is counted once the session is over.
async fn counted(pool: &Pool, client: &Client) -> u64 {
    client.detach().await;
    let units = client.units();
    pool.until("both to count alike", |pool| pool.world.served(LEASE) == units).await;
    units
}

#[tokio::test]
async fn both_sides_count_the_same_over_a_takeover_and_an_opening_anew_to_the_end_of_the_lot() {
    let options =
        Options { segment: LOT / 8, links: 16, cap: LOT, unit_bytes: 1_024, ..Options::default() };
    let (pool, client) = Pool::leased(options, ROOMY, PATIENCE);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    for n in 0..5 {
        write(&vault, &name(n), &file(n)).await;
    }
    pool.take_over(&client, SECOND);
    write(&vault, &name(5), &file(5)).await;
    let at_second = counted(&pool, &client).await;

    // opened anew the consumer has nothing of it
    let lease = pool.world.chain.lease(LEASE).await.unwrap();
    let client = pool.world.client(&lease, Tariff::Bytes);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    for n in 0..6 {
        assert!(vault.read(&name(n), 0, LEN).await.unwrap() == file(n), "file {n}");
    }
    let at_reading = client.units();
    assert!(at_reading >= at_second + 6 * 16, "{at_second}, and {at_reading} with six files read");
    let mut n = 5;
    let refused = loop {
        n += 1;
        vault.create(&name(n)).unwrap();
        vault.write(&name(n), 0, &file(n)).await.unwrap();
        if let Err(why) = vault.commit().await {
            break why;
        }
    };
    assert!(refused.to_string().contains("used up"), "{refused}, {} are counted", client.units());
    let quality = client.quality();
    assert!(quality.failed == 0 && quality.short_in_a_row > 0, "nobody has failed: {quality:?}");
    let used = counted(&pool, &client).await;
    assert!(used <= LOT && used + WRITE > LOT, "{used} of {LOT} were used, and {n} files");
    pool.stop.cancel();
}
