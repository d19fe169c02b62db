//! A leased store survives the member that serves it.

use super::stand::{MEMBERS, ROOM, Stand};
use crate::common::{is_up, units, until};
use caplet::fabric::Wish;
use caplet::keeper::Keeper;
use caplet_protocol::LeaseId;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

/// Bytes of a file.
const LEN: usize = 16 << 10;

/// The application: files over HTTP, by one address that it was told once.
struct App {
    http: reqwest::Client,
    files: String,
}

impl App {
    fn new(keeper: &Keeper, alias: &str) -> Self {
        let desk = keeper.fabric().unwrap().desk();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, files: format!("http://{desk}/v1/caps/{alias}/files") }
    }

    /// Writes a file; on how many gateways' disks it is, or what is in the way.
    async fn put(&self, n: u8) -> Result<String, String> {
        let put = self.http.put(format!("{}/file-{n}", self.files)).body(bytes(n));
        let done = put.send().await.map_err(|e| e.to_string())?;
        match done.headers().get("caplet-copies").filter(|_| done.status().is_success()) {
            Some(copies) => Ok(copies.to_str().unwrap().to_owned()),
            None => Err(format!("{}: {}", done.status(), done.text().await.unwrap_or_default())),
        }
    }

    async fn get(&self, n: u8) -> Result<Vec<u8>, String> {
        let got = self.http.get(format!("{}/file-{n}", self.files)).send().await.unwrap();
        match got.status().is_success() {
            true => Ok(got.bytes().await.unwrap().to_vec()),
            false => Err(format!("{}: {}", got.status(), got.text().await.unwrap_or_default())),
        }
    }

    /// A file, asked for again only while its provider waits for a voucher: an answer may overtake the word that it
    /// has come.
    async fn read(&self, n: u8) -> Vec<u8> {
        until("a file", async || match self.get(n).await {
            Err(why) if why.starts_with("503") && why.contains(r#""paused""#) => None,
            got => Some(got.unwrap()),
        })
        .await
    }
}

fn bytes(n: u8) -> Vec<u8> {
    (0..LEN).map(|at| n.wrapping_mul(31).wrapping_add((at / 7) as u8)).collect()
}

/// Where a keeper keeps a lease's store: below its folder, in one of this name.
fn kept(below: &Path, lease: LeaseId) -> Option<PathBuf> {
    let name = lease.to_string();
    for entry in std::fs::read_dir(below).ok()?.flatten() {
        let path = entry.path();
        let found = match path.file_name().is_some_and(|last| last == "store") {
            true => Some(path.join(&name)).filter(|path| path.is_dir()),
            false if path.is_dir() => kept(&path, lease),
            false => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn files_on_a_pool_are_there_and_written_on_when_the_member_that_served_them_dies() {
    let (mut stand, third) = Stand::of(ROOM).await;
    let [first, second] = stand.members().await;
    let before = stand.wealth(stand.owner()).await;
    let _reader = stand.reader(&third).await;
    let notice = stand.leased().await;
    let lease = LeaseId(notice.lease);
    until("the store to be local", async || {
        third.fabric().unwrap().consumers().all().into_iter().find(is_up)
    })
    .await;
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[0]), "the older of two alike serves first");
    let app = App::new(&third, &notice.alias);
    for n in 0..4 {
        app.put(n).await.unwrap();
    }
    // one copy may have been all while who stands by was looked for; once it is found there are two
    until("a second copy", async || {
        if app.put(4).await.is_ok_and(|copies| copies == "2") {
            return Some(());
        }
        // each try uses some of the lot
        tokio::time::sleep(Duration::from_millis(500)).await;
        None
    })
    .await;
    let counted = units(&third);
    assert!(counted > 0 && counted < ROOM.lot, "it is too much to show anything: {counted}");
    assert!(kept(&stand.folder(2), lease).unwrap().join("manifest").exists());

    // nothing of it gets time to say good-bye, and its disk is gone with it
    first.stop(Duration::ZERO).await;
    let lost = kept(&stand.folder(1), lease).unwrap();
    std::fs::remove_dir_all(&lost).unwrap();
    // the application asks again while it is told that nobody serves it now, and does nothing else
    let copies = until("a write after the takeover", async || app.put(5).await.ok()).await;
    assert_eq!(copies, "1", "nobody is left to stand by, and it says so");
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[1]));
    let ours = third.fabric().unwrap().consumers();
    for n in 0..6 {
        assert!(app.read(n).await == bytes(n), "file {n}");
    }
    until("what was read to be counted", async || (units(&third) > counted).then_some(())).await;
    // and they are not only what the consumer's gateway still had of them: opened anew, it has nothing
    ours.attach(&notice.alias, Wish { interval_ms: 1, ..Wish::default() }).unwrap();
    // what is taken down answers still for a moment, but is not shown any more
    until("the store to be local again", async || ours.all().into_iter().find(is_up)).await;
    let at_opening = units(&third);
    for n in 0..6 {
        assert!(app.read(n).await == bytes(n), "file {n}");
    }
    until("all to be fetched", async || (units(&third) >= at_opening + 6 * 16).then_some(())).await;

    // the lot is used up, but for what is less than a write, and what was counted was paid once
    let (next, most, said) = (AtomicU8::new(6), AtomicU64::new(0), Mutex::new(String::new()));
    let (_, over) = until("the end of the lot", async || {
        if let Err(why) = app.put(next.fetch_add(1, Ordering::Relaxed)).await {
            *said.lock().unwrap() = why;
        }
        most.fetch_max(units(&third), Ordering::Relaxed);
        ours.ended(&notice.alias)
    })
    .await;
    most.fetch_max(ours.counted().get(&lease).copied().unwrap_or(0), Ordering::Relaxed);
    let (redeemed, _) = stand.settled(&notice, before).await;
    let (counted, step) = (most.into_inner(), ROOM.lot / 8);
    let owed = |units: u64| units * notice.price / ROOM.lot;
    // with the member that died up to a segment may have gone, an eighth of the lot (`PROTOCOL.md` 4)
    let how = format!("{counted} of {} were used, {over:?}, at last {said:?}", ROOM.lot);
    assert!(counted + step > ROOM.lot, "{how}");
    let paid = owed(counted)..=owed(counted + step);
    assert!(paid.contains(&redeemed), "{redeemed} redeemed, {paid:?} are due: {how}");
    until("what was stored to be deleted", async || {
        kept(&stand.folder(2), lease).is_none().then_some(())
    })
    .await;
    stand.end([second, third]).await;
}
