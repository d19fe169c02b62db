//! A spread store as a folder and over HTTP. Needs what the mounted tests need.

use super::{Remembers, Site, done, planned, sites, standing, up};
use caplet_fabric::desk::Desk;
use caplet_fabric::health::Health;
use caplet_fabric::surface::{NoTopics, Place};
use caplet_fabric_fs::{Spread, SpreadAttached, SpreadSurface, Standing};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

async fn attached(
    all: &[Site],
    folder: Option<PathBuf>,
    desk: &Desk,
) -> (Arc<Spread>, SpreadAttached) {
    let (all, memory) = (all.iter().collect::<Vec<_>>(), Arc::<Remembers>::default());
    let spread = planned(2, &all, &all, &memory);
    let place = Place { alias: "box".into(), desk: desk.clone(), topics: Arc::new(NoTopics) };
    let surface = SpreadSurface { spread: Arc::clone(&spread), folder, challenge: None };
    (spread, surface.attach(place).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ordinary_programs_use_it_as_a_folder_while_leases_come_and_go() {
    let (all, at) = (sites(3).await, TempDir::new().unwrap());
    let (spread, attached) = attached(&all, Some(at.path().to_owned()), &Desk::default()).await;
    let off = |work: fn(PathBuf) -> Vec<u8>| {
        let folder = at.path().to_owned();
        async move { tokio::task::spawn_blocking(move || work(folder)).await.unwrap() }
    };
    off(|folder| {
        std::fs::create_dir(folder.join("dir")).unwrap();
        std::fs::write(folder.join("dir/one"), crate::noise(1_000_000)).unwrap();
        Vec::new()
    })
    .await;
    all[0].world.kill_host().await;
    let read = off(|folder| {
        std::fs::write(folder.join("two"), crate::noise(300_000)).unwrap();
        std::fs::read(folder.join("dir/one")).unwrap()
    });
    assert!(read.await == crate::noise(1_000_000));
    // back again, it gets what it missed by itself, and another may go
    all[0].world.start_host();
    up(&all[0].client).await;
    while standing(&spread, &all[0]) != Standing::Current {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    all[1].world.kill_host().await;
    let read = off(|folder| std::fs::read(folder.join("two")).unwrap());
    assert!(read.await == crate::noise(300_000));
    attached.detach().await;
    assert_eq!(std::fs::read_dir(at.path()).unwrap().count(), 0, "nothing is left of the mount");
    done(&all).await;
}

#[tokio::test]
async fn it_is_a_local_http_resource_that_says_which_leases_are_up() {
    let (all, desk) = (sites(3).await, Desk::default());
    let (_, attached) = attached(&all, None, &desk).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1/caps/box", listener.local_addr().unwrap());
    let router = desk.router();
    let serving = tokio_util::task::TaskTracker::new();
    let server = serving.spawn(async move { axum::serve(listener, router).await });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = http.put(format!("{base}/files/a/b.txt")).body("over http").send().await.unwrap();
    assert_eq!(put.status(), 204);
    assert_eq!(put.headers()["caplet-copies"], "2", "one may be lost");
    all[2].world.kill_host().await;
    let got = http.get(format!("{base}/files/a/b.txt")).send().await.unwrap();
    assert_eq!(got.text().await.unwrap(), "over http");
    let put = http.put(format!("{base}/files/c")).body("on two").send().await.unwrap();
    assert_eq!(put.headers()["caplet-copies"], "1");
    let leases: serde_json::Value =
        http.get(format!("{base}/leases")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&leases[0]["lease"], &leases[0]["health"]), (&1.into(), &"up".into()));
    assert_eq!(
        (&leases[0]["standing"], &leases[2]["standing"]),
        (&"current".into(), &"behind".into())
    );
    all[1].world.kill_host().await;
    let mut health = attached.health.clone();
    health.wait_for(|now| *now != Health::Up).await.unwrap();
    let refused = http.get(format!("{base}/files/c")).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    let words = refused.text().await.unwrap();
    assert!(words.contains("1 of the 2 leases"), "{words}");
    assert_eq!(http.get(format!("{base}/leases")).send().await.unwrap().status(), 200);
    attached.detach().await;
    assert_eq!(http.get(format!("{base}/files/c")).send().await.unwrap().status(), 404);
    server.abort();
    done(&all).await;
}
