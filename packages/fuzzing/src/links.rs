//! What comes over a link or from a program beside: frames, and what is in them.

use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::frame::{self, CONTROL, HEADER};
use caplet_fabric::kinds::jobs::{Executor, MAX_FRAME, Work, serve};
use caplet_fabric::kinds::sensor::{MAX_PACK, check, reading};
use caplet_protocol::wire;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, duplex};
use tokio::runtime::{Builder, Runtime};

/// One thread, without timers or sockets: nothing here waits for anything.
fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// Frames until they end or are none, and whether they ended between two.
async fn read_all(mut from: &[u8], most: usize) -> (Vec<Vec<u8>>, bool) {
    let mut frames = Vec::new();
    loop {
        match frame::read(&mut from, most).await {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, true),
            Err(_) => return (frames, false),
        }
    }
}

/// Frames as they come: what was read is written as the bytes that came.
pub(crate) fn frames(bytes: &[u8]) {
    runtime().block_on(async {
        let (frames, whole) = read_all(bytes, CONTROL).await;
        let mut written = Vec::new();
        for frame in &frames {
            assert!(frame.len() <= CONTROL);
            frame::write(&mut written, frame).await.unwrap();
        }
        assert!(bytes.starts_with(&written));
        assert_eq!(whole, written.len() == bytes.len());
        let mut from = bytes;
        let header = frame::read_message::<wire::OpHeader>(&mut from, HEADER, "header").await;
        if let (Ok(Some(read)), Some(first)) = (header, frames.first()) {
            assert_eq!(frame::decode::<wire::OpHeader>(first, "header").unwrap(), read);
        }
    });
}

/// Gives back what it gets.
struct Echo;

#[async_trait]
impl Executor for Echo {
    fn jobs(&self) -> Vec<String> {
        vec!["echo".to_owned()]
    }

    async fn run(&self, _: &str, _: &str, input: Bytes) -> Result<Work, String> {
        Ok(Work { output: input, units: 1 })
    }
}

/// Requests to a unit's program: each has one answer, whole, and what is no request ends it.
pub(crate) fn jobs(bytes: &[u8]) {
    runtime().block_on(async {
        let (to, mut said) = duplex(CONTROL);
        let mut answers = Vec::new();
        let (served, heard) =
            tokio::join!(serve(Arc::new(Echo), bytes, to), said.read_to_end(&mut answers));
        heard.unwrap();
        let (answers, whole) = read_all(&answers, MAX_FRAME).await;
        assert!(whole, "an answer is cut off");
        if served.is_ok() {
            let (requests, _) = read_all(bytes, MAX_FRAME).await;
            // before them it says which jobs it does
            assert_eq!(answers.len(), requests.len().saturating_add(1));
        }
    });
}

/// Packs of SenML: one that is taken is taken again as it is written.
pub(crate) fn sensors(bytes: &[u8]) {
    let _ = reading(bytes);
    if let Ok(records) = check(bytes) {
        let written = serde_json::to_vec(&records).unwrap();
        // 1e2 is written as 100.0, so it may have grown
        if written.len() <= MAX_PACK {
            assert_eq!(check(&written).unwrap().len(), records.len());
        }
    }
}
