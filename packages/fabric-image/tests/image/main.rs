//! The image unit: right results, the same in a program of its own, and no harm from bad pictures.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod live;

use bytes::Bytes;
use caplet_fabric::Service;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::jobs::{Executor, JobAdapter, JobSurface, Lasting, Program};
use caplet_fabric_image::{Camera, ImageUnit};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::Bps;
use image::{GenericImageView as _, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

/// White to the right of the middle, black to the left.
fn step() -> RgbImage {
    RgbImage::from_fn(40, 20, |x, _| if x < 20 { Rgb([0; 3]) } else { Rgb([255; 3]) })
}

fn work(job: &str, params: &str, picture: &RgbImage) -> image::DynamicImage {
    image::load_from_memory(&ImageUnit::work(job, params, &png(picture)).unwrap()).unwrap()
}

#[test]
fn edges_are_where_brightness_changes_and_nowhere_else() {
    let edges = work("edges", "", &step()).into_luma8();
    for (x, _, pixel) in edges.enumerate_pixels() {
        let expected = if (19..=20).contains(&x) { 255 } else { 0 };
        assert_eq!(pixel.0[0], expected, "column {x}");
    }
}

#[test]
fn a_blur_keeps_an_even_picture_and_smooths_a_step() {
    let even = RgbImage::from_pixel(30, 30, Rgb([7, 77, 177]));
    assert_eq!(work("blur", r#"{"radius": 5}"#, &even).into_rgb8(), even);
    let blurred = work("blur", r#"{"radius": 3}"#, &step()).into_rgb8();
    let row: Vec<u8> = (0..40).map(|x| blurred.get_pixel(x, 10).0[0]).collect();
    assert!(row.is_sorted(), "{row:?}");
    assert!((100..160).contains(&row[19]) && row[0] == 0 && row[39] == 255, "{row:?}");
}

#[test]
fn resizing_gives_the_size_and_the_mean() {
    let half = work("resize", r#"{"width": 20, "height": 10}"#, &step());
    assert_eq!(half.dimensions(), (20, 10));
    let one = work("resize", r#"{"width": 1, "height": 1}"#, &step()).into_rgb8();
    assert_eq!(one.get_pixel(0, 0).0, [127; 3]);
    let large = work("resize", r#"{"width": 100, "height": 100}"#, &step());
    assert_eq!(large.dimensions(), (100, 100));
}

#[test]
fn a_classifier_tells_night_from_a_document() {
    let class = |picture: &RgbImage| {
        let said = ImageUnit::work("classify", "", &png(picture)).unwrap();
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        said["class"].as_str().unwrap().to_owned()
    };
    assert_eq!(class(&RgbImage::from_pixel(64, 64, Rgb([15, 15, 20]))), "night");
    let page = RgbImage::from_fn(64, 64, |x, y| {
        if x % 9 == 0 && y % 7 < 3 { Rgb([20; 3]) } else { Rgb([250; 3]) }
    });
    assert_eq!(class(&page), "document");
    assert_eq!(class(&RgbImage::from_pixel(64, 64, Rgb([50, 160, 50]))), "foliage");
}

#[test]
fn a_decompression_bomb_is_refused_by_its_size_before_it_is_unpacked() {
    // a PNG that says it has 60,000 x 60,000 pixels: its head is all that is read
    let mut bomb = png(&step());
    bomb[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let crc = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let words = ImageUnit::work("edges", "", &bomb).unwrap_err();
    assert!(words.contains("60000") || words.contains("imit"), "{words}");
    // and the other way round: a small picture made huge
    let huge = ImageUnit::work("resize", r#"{"width": 16000, "height": 16000}"#, &png(&step()));
    assert!(huge.unwrap_err().contains("send a smaller one"));
}

/// CRC-32 of a PNG chunk (PNG specification, annex D).
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_bytes_and_no_parameters_do_harm(
        mut bytes in proptest::collection::vec(any::<u8>(), 0..300), real: bool, at: usize, bit: u8,
        params in ".{0,40}",
    ) {
        if real {
            bytes = png(&step());
            let at = at % bytes.len();
            bytes[at] ^= bit;
        }
        for job in ["resize", "blur", "edges", "classify", "none"] {
            let _ = ImageUnit::work(job, &params, &bytes);
            let _ = ImageUnit::work(job, "", &bytes);
        }
    }

    #[test]
    fn every_size_resizes_to_every_size(
        w in 1u32..50, h in 1u32..50, width in 1u32..80, height in 1u32..80,
    ) {
        let even = RgbImage::from_pixel(w, h, Rgb([9, 99, 199]));
        let params = format!(r#"{{"width": {width}, "height": {height}}}"#);
        let resized = work("resize", &params, &even).into_rgb8();
        prop_assert_eq!(resized, RgbImage::from_pixel(width, height, Rgb([9, 99, 199])));
    }
}

async fn program() -> Program {
    let command = tokio::process::Command::new(env!("CARGO_BIN_EXE_caplet-image-unit"));
    Program::start(command, Duration::from_secs(120)).await.unwrap()
}

#[tokio::test]
async fn a_program_behind_the_unit_gives_the_same_bytes() {
    let program = program().await;
    let here = ImageUnit::new(1);
    assert_eq!(program.jobs(), here.jobs());
    let picture = Bytes::from(png(&step()));
    for (job, params) in [("edges", ""), ("blur", r#"{"radius":2}"#), ("classify", "")] {
        let there = program.run(job, params, picture.clone()).await;
        assert_eq!(there, here.run(job, params, picture.clone()).await);
    }
    let bad = program.run("edges", "", Bytes::from_static(b"nothing")).await.unwrap_err();
    assert!(bad.contains("no picture"), "{bad}");
}

#[tokio::test]
async fn a_picture_that_is_given_up_has_its_place_until_its_work_ends() {
    let unit = ImageUnit::new(1);
    // a second of work
    let large = Bytes::from(png(&RgbImage::from_pixel(3_000, 3_000, Rgb([7, 77, 177]))));
    let held = large.clone();
    tokio::select! {
        biased;
        _ = unit.run("blur", r#"{"radius":5}"#, large) => panic!("it was to be given up"),
        () = std::future::ready(()) => {}
    }
    assert!(!held.is_unique(), "its work has begun");
    let next = unit.run("edges", "", Bytes::from(png(&step()))).await;
    assert!(next.is_ok(), "the thread goes on with what comes next");
    assert!(held.is_unique(), "once nothing is left of what was given up");
}

#[tokio::test]
async fn a_program_that_is_none_is_refused_at_its_start() {
    for silent in ["true", "cat"] {
        let command = tokio::process::Command::new(silent);
        assert!(Program::start(command, Duration::from_millis(500)).await.is_err(), "{silent}");
    }
}

/// Posts a picture to the local resource of a leased unit: status and body of the answer.
async fn post(base: &str, picture: &[u8]) -> (u16, Vec<u8>) {
    let to = base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(to).await.unwrap();
    let head = format!(
        "POST /v1/caps/unit/edges HTTP/1.1\r\nhost: {to}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        picture.len()
    );
    stream.write_all(&[head.as_bytes(), picture].concat()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

#[tokio::test]
async fn a_unit_that_runs_out_of_memory_fails_one_job_unpaid_and_does_the_next() {
    // as much as small pictures need: the large one's pixels alone are more
    let starts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&starts);
    let start = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut command = tokio::process::Command::new("sh");
        let unit = env!("CARGO_BIN_EXE_caplet-image-unit");
        command.args(["-c", "ulimit -c 0; ulimit -d 32768; exec \"$0\"", unit]);
        command
    };
    let unit = Lasting::start(start, Duration::from_secs(120)).await.unwrap();
    let world = World::new(Options { sample: Bps(10_000), ..Options::default() });
    world.offer(Arc::new(JobAdapter::new(Arc::new(unit), 4)));
    let lease = world.lease(1, Service::JOBS);
    let again = Some(Arc::new(ImageUnit::new(1)) as Arc<dyn Executor>);
    let surface = JobSurface { again, profile: None };
    let attached = world.attach(&lease, &surface, "unit").await;
    let client = attached.client();
    client.until(|health| *health == Health::Up).await.unwrap();
    let base = world.http().await;
    let right = ImageUnit::work("edges", "", &png(&step())).unwrap();
    assert_eq!(post(&base, &png(&step())).await, (200, right.clone()));
    let (status, words) = post(&base, &png(&RgbImage::new(5_000, 4_000))).await;
    assert_eq!((status, client.units()), (502, 1), "{words:?}");
    assert!(String::from_utf8_lossy(&words).contains("the unit failed"), "{words:?}");
    let quality = client.quality();
    assert_eq!((quality.served, quality.failed, quality.wrong), (1, 1, 0));
    // another one is started in its place
    assert_eq!(post(&base, &png(&step())).await, (200, right));
    assert_eq!((client.quality().failed_in_a_row, starts.load(Ordering::SeqCst)), (0, 2));
    attached.detach().await;
    assert_eq!(world.served(lease.lease), 2);
}

#[tokio::test]
async fn pictures_go_through_a_leased_unit_and_its_camera_is_a_local_one() {
    let world = World::new(Options::default());
    let adapter = JobAdapter::new(Arc::new(program().await), 4)
        .with_source(Arc::new(Camera::new(Duration::from_millis(5))));
    world.offer(Arc::new(adapter));
    let lease = world.lease(1, Service::JOBS);
    let attached = world.attach(&lease, &JobSurface::default(), "camera").await;
    let frames = vec![Bytes::from(png(&step())); 10];
    let results = JobSurface::run(attached.client(), "edges", "", frames, 0).await.unwrap();
    let local = ImageUnit::work("edges", "", &png(&step())).unwrap();
    assert_eq!(results.len(), 10);
    assert!(results.iter().all(|result| result.as_ref().is_ok_and(|got| *got == local)));
    let mut watch = JobSurface::watch(attached.client()).await.unwrap();
    let first = watch.next().await.unwrap().unwrap();
    let second = watch.next().await.unwrap().unwrap();
    assert_eq!(image::guess_format(&first.bytes).unwrap(), ImageFormat::Jpeg);
    assert_ne!(first, second, "the picture moves");
    drop(watch);
    attached.detach().await;
    assert_eq!(world.served(lease.lease), 10 + 2);
}
