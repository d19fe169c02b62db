//! A leased camera, from the order to the money: a program at one keeper, a local camera at another.

use super::fabric::World;
use super::surfaces::stage_where;
use crate::common::{Goods, PATIENCE, units, until};
use caplet_fabric::kinds::jobs::FrameSource as _;
use caplet_fabric_image::{Camera, ImageUnit};
use caplet_protocol::wire::LanePreference;
use caplet_protocol::{Bps, Kind, LeaseId};
use caplet_simulator::Letting;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const GOODS: Goods =
    Goods { kind: Kind::Hardware, resource: "camera/door", unit: "picture", lot: 96 };

/// Pictures of a multipart stream, as far as they have come whole.
fn pictures(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Some(at) = stream.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = std::str::from_utf8(&stream[..at]).unwrap();
        assert!(head.contains("Content-Type: image/jpeg"), "{head}");
        let len: usize = head.rsplit("Content-Length: ").next().unwrap().parse().unwrap();
        let Some(picture) = stream.get(at + 4..at + 4 + len) else { break };
        found.push(picture.to_vec());
        stream = stream.get(at + 4 + len + 2..).unwrap_or_default();
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leased_camera_is_a_local_one_and_each_picture_that_was_seen_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let scene = Camera::new(Duration::ZERO);
    let mut shown = Vec::new();
    for name in ["0.jpg", "1.jpg", "2.jpg"] {
        let frame = scene.next(0).await.unwrap().unwrap();
        std::fs::write(folder.path().join(name), &frame.bytes).unwrap();
        shown.push(frame.bytes.to_vec());
    }
    let script = "cd \"$0\" && while [ ! -e dead ]; do \
        for n in 0 1 2; do cat $n.jpg; sleep 0.1; done; done; exit 7";
    let at = folder.path().display().to_string();
    let command = ["sh", "-c", script, at.as_str()].map(str::to_owned).to_vec();

    // whatever is seen is paid whole: its death would lower the rate of what comes after, as it should
    let whole = stage_where(GOODS, |market| market.quality.floor = Bps::ALL).await;
    let mut world = World::on(whole).await;
    let first = world.stage.keeper(1, |config| config.fabric.camera = command).await;
    let second = world.stage.keeper(2, |config| config.fabric.failures = 1_000).await;
    let (ours, theirs) = (first.broker().unwrap(), second.broker().unwrap());
    let letting = Letting { tags: Vec::new(), ..GOODS.letting() };
    world.device(&first, &ours.to_string(), 60, true, (vec![letting], Vec::new())).await;
    let want = GOODS.want(1_000, LanePreference::Batch);
    world.device(&second, &theirs.to_string(), 61, true, (Vec::new(), vec![want])).await;
    let notice = world.leased().await;
    let desk = format!("http://{}/v1/caps", second.fabric().unwrap().desk());
    let caps = format!("{desk}/{}", notice.alias);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let snapshot = async || {
        let answer = http.get(format!("{caps}/snapshot")).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    };
    let one = until("a picture", async || {
        let (status, body) = snapshot().await;
        (status == 200).then_some(body)
    })
    .await;
    assert!(shown.contains(&one));
    ImageUnit::work("classify", "", &one).unwrap();

    // the stream: pictures of the source, one after another; it may be held back for a moment until the first is paid
    let mut stream = until("the stream", async || {
        let answer = http.get(format!("{caps}/mjpeg")).send().await.unwrap();
        (answer.status() == 200).then_some(answer)
    })
    .await;
    let kind = stream.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("multipart/x-mixed-replace"), "{kind}");
    let mut body = Vec::new();
    let watching = async {
        while pictures(&body).len() < 12 {
            body.extend_from_slice(&stream.chunk().await.unwrap().expect("it has no end"));
        }
    };
    tokio::time::timeout(PATIENCE, watching).await.unwrap();
    drop(stream);
    let came = pictures(&body);
    assert!(came.iter().all(|picture| shown.contains(picture)), "as they were taken");
    assert!(shown.iter().all(|picture| came.contains(picture)), "all of them");
    let counted = units(&second);
    // of a stream that is left one more may be on its way, and one asked for
    assert!((13..=16).contains(&counted), "{counted} counted for a snapshot and 12 of a stream");

    // a camera that dies is said to be held back, and why; it is there again as soon as it is
    std::fs::write(folder.path().join("dead"), "").unwrap();
    let why = until("its death", async || {
        let (status, body) = snapshot().await;
        // it may be held back for a moment until it is paid
        let why = String::from_utf8_lossy(&body).into_owned();
        (status == 503 && why.contains("the camera's program ended")).then_some(why)
    })
    .await;
    assert!(why.contains("exit status: 7"), "{why}");
    until("its death in the list", async || {
        let all = http.get(&desk).send().await.ok()?.text().await.ok()?;
        (all.contains("paused") && all.contains("exit status: 7")).then_some(())
    })
    .await;
    std::fs::remove_file(folder.path().join("dead")).unwrap();
    let most = AtomicU64::new(counted);
    let (_, why) = until("the lease to be used up", async || {
        // each look is a picture, once there are some again
        let (status, body) = snapshot().await;
        if status == 503 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert!(status != 200 || shown.contains(&body));
        most.fetch_max(units(&second), Ordering::Relaxed);
        second.fabric().unwrap().consumers().ended(&notice.alias)
    })
    .await;
    let closed = world.closed(LeaseId(notice.lease)).await;
    let (paid, counted) = (closed.lanes[0].redeemed.u64(), most.into_inner());
    // one that was refused at the end is of no lot
    let owed = counted.min(notice.lot) * notice.price / notice.lot;
    assert!(counted > 16, "{counted} counted: {why}");
    assert!(paid >= owed, "{counted} counted, {owed} owed, {paid} paid: {why}");
    assert!(paid <= notice.reserve);
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}
