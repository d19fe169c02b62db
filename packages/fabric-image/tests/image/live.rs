//! A live camera: a program, a file, and what is said when they show nothing.

use caplet_fabric::kinds::jobs::{Frame, FrameSource as _};
use caplet_fabric_image::{LiveCamera, Origin};
use image::{ImageFormat, Rgb, RgbImage};
use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

fn jpeg(shade: u8) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(24, 16, Rgb([shade, 80, 160]));
    picture.write_to(&mut out, ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

/// The next frame, whatever was wrong in between.
async fn shown(camera: &LiveCamera, after: u64) -> Frame {
    let look = async {
        loop {
            if let Ok(Some(frame)) = camera.next(after).await {
                return frame;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), look).await.unwrap()
}

#[tokio::test]
async fn a_program_is_begun_when_somebody_looks_and_its_end_is_said_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("one"), jpeg(1)).unwrap();
    std::fs::write(at("two"), jpeg(2)).unwrap();
    let waits = |file: &str| format!("while [ ! -e {file} ]; do sleep 0.05; done");
    let script =
        format!("touch begun; cat one; {}; cat two; {}; exit 3", waits("go"), waits("end"));
    let camera = LiveCamera::new(Origin::Program {
        program: "sh".into(),
        args: vec!["-c".into(), script],
        folder: folder.path().to_owned(),
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!at("begun").exists(), "nobody looks yet");
    let first = camera.next(0).await.unwrap().unwrap();
    assert_eq!(first.bytes, jpeg(1));
    let (one, other) = tokio::join!(camera.next(0), camera.next(0));
    assert_eq!((one.unwrap().unwrap(), other.unwrap().unwrap()), (first.clone(), first.clone()));
    std::fs::write(at("go"), "").unwrap();
    let second = camera.next(first.number).await.unwrap().unwrap();
    assert_eq!((second.bytes.as_ref(), second.number > first.number), (&*jpeg(2), true));
    std::fs::write(at("end"), "").unwrap();
    let why = camera.next(second.number).await.unwrap_err();
    assert!(why.contains("program ended") && why.contains('3'), "{why}");
    let again = shown(&camera, second.number).await;
    assert!(again.number > second.number, "it is begun anew");
}

#[tokio::test]
async fn a_program_that_takes_one_picture_and_ends_has_shown_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one"), jpeg(1)).unwrap();
    let camera = LiveCamera::new(Origin::Program {
        program: "cat".into(),
        args: vec!["one".into()],
        folder: folder.path().to_owned(),
    });
    let first = camera.next(0).await.unwrap().unwrap();
    assert_eq!(first.bytes, jpeg(1));
    let why = camera.next(first.number).await.unwrap_err();
    assert!(why.contains("program ended"), "{why}");
    let again = shown(&camera, first.number).await;
    assert_eq!((again.bytes.as_ref(), again.number > first.number), (&*jpeg(1), true));
}

/// Writes a file as whoever shows a picture does: it is there at once.
fn put(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes).unwrap();
    std::fs::rename(beside, path).unwrap();
}

#[tokio::test]
async fn a_file_is_shown_once_it_is_whole_and_its_loss_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("now.jpg");
    put(&path, &jpeg(1));
    let camera = LiveCamera::new(Origin::File(path.clone()));
    let first = camera.next(0).await.unwrap().unwrap();
    assert_eq!(first.bytes, jpeg(1));
    // written in place, and half of it is there
    let two = jpeg(2);
    std::fs::write(&path, &two[..two.len() / 2]).unwrap();
    let early = camera.next(first.number);
    assert!(tokio::time::timeout(Duration::from_millis(300), early).await.is_err(), "half of it");
    std::fs::write(&path, &two).unwrap();
    let second = camera.next(first.number).await.unwrap().unwrap();
    assert_eq!(second.bytes, two);
    std::fs::remove_file(&path).unwrap();
    let why = camera.next(second.number).await.unwrap_err();
    let says = why.contains("can't be read") && !why.contains("now.jpg");
    assert!(says, "what is wrong, and nothing of where it lies: {why}");
    put(&path, &caplet_fabric_image::scene(&[7; 64], 32, 32).unwrap());
    let third = shown(&camera, second.number).await;
    assert_eq!(image::guess_format(&third.bytes).unwrap(), ImageFormat::Png);
}

#[tokio::test]
async fn a_program_that_is_none_is_said() {
    let (program, folder) = ("no-such-camera".into(), std::env::temp_dir());
    let camera = LiveCamera::new(Origin::Program { program, args: Vec::new(), folder });
    let why = camera.next(0).await.unwrap_err();
    assert!(why.contains("does not start"), "{why}");
}
