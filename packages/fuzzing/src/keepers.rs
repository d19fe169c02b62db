//! What a keeper is told beside the messages of its devices: by its operator, by programs at its desk, by other gateways
//! over HTTP, by whoever comes to its broker's door.

use caplet::config::{Config, load_with};
use caplet::deploy::{Deployment, Spec};
use caplet::fabric::{SpreadWish, Wish};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// What the bytes are as JSON of a type is written as what reads the same.
fn same<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(read) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&read).unwrap();
        assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), read);
    }
}

/// Bodies and queries of HTTP, addresses of other gateways, logins.
pub(crate) fn requests(bytes: &[u8]) {
    same::<Wish>(bytes);
    same::<SpreadWish>(bytes);
    assert!(caplet_fabric::kinds::programs::comes_through(bytes), "an argument is changed");
    assert!(caplet::exchange::is_told_on(bytes), "a refusal is told in other words");
    assert!(caplet::exchange::are_few(bytes), "a gateway of too many addresses");
    assert!(caplet::broker::keeps_out(bytes), "a stranger comes in, or speaks for another");
}

/// Longest line that is read as a flag: figment's reader of values calls itself for every bracket in it.
const FLAG: usize = 256;

/// Files of configuration, deployment and specification; lines as flags.
pub(crate) fn settings(bytes: &[u8]) {
    same::<Deployment>(bytes);
    same::<Spec>(bytes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("caplet.toml");
    std::fs::write(&path, bytes).unwrap();
    let env = || std::iter::empty::<(String, String)>();
    let text = String::from_utf8_lossy(bytes);
    let flags = text.lines().filter(|line| line.len() <= FLAG).filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    });
    let flags: Vec<_> = flags.take(16).collect();
    let read = [load_with(Some(&path), env(), &[]), load_with(None, env(), &flags)];
    for loaded in read.into_iter().flatten() {
        let written = serde_json::to_vec(&loaded.config).unwrap();
        assert_eq!(serde_json::from_slice::<Config>(&written).unwrap(), loaded.config);
        assert!(!loaded.origins().is_empty(), "nobody knows where a value is from");
    }
}
