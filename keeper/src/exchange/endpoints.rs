//! Endpoint records of gateways, as the registry's event carried them.

use crate::bridge::ChainRule;
use crate::store::Store;
use anyhow::Context as _;
use caplet_api::event::EndpointPublished;
use caplet_protocol::{
    AccountId, Domain,
    layout::EndpointRecord,
    wire::{Endpoint, Signed, SignedEndpoint},
};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, params};

/// Addresses of an endpoint that are looked at.
const ADDRESSES: usize = 16;

/// The record that an event published.
pub(super) fn of_event(event: EndpointPublished) -> SignedEndpoint {
    SignedEndpoint {
        account: event.account,
        key: event.key,
        endpoint: event.addresses,
        sequence: event.sequence,
        not_after: event.not_after,
        signature: event.signature,
    }
}

/// The layout of a record whose own key signed it.
///
/// # Errors
/// If a field is malformed or the signature does not verify.
pub(super) fn verified(record: &SignedEndpoint, domain: &Domain) -> anyhow::Result<EndpointRecord> {
    let signed = Signed::<EndpointRecord>::try_from(record)?;
    anyhow::ensure!(
        signed.verify(domain, &signed.layout.key, &ChainRule),
        "the endpoint record of account {} is not signed by its key for this chain",
        record.account
    );
    Ok(signed.layout)
}

/// Keeps a verified record unless a later one is kept.
pub(super) fn keep(store: &Store, record: &SignedEndpoint) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "INSERT INTO endpoints (account, sequence, raw) VALUES (?1, ?2, ?3)
             ON CONFLICT (account) DO UPDATE SET sequence = ?2, raw = ?3 WHERE sequence < ?2",
            params![record.account, record.sequence.to_be_bytes(), record.encode_to_vec()],
        )?;
        Ok(())
    })
}

/// The latest record of a gateway that is kept.
pub(super) fn get(store: &Store, account: AccountId) -> anyhow::Result<Option<SignedEndpoint>> {
    let raw: Option<Vec<u8>> = store.read(|c| {
        c.prepare_cached("SELECT raw FROM endpoints WHERE account = ?1")?
            .query_row([account.0], |row| row.get(0))
            .optional()
    })?;
    raw.map(|raw| {
        SignedEndpoint::decode(raw.as_slice()).context("the store holds no endpoint record")
    })
    .transpose()
}

/// The addresses of a record, in its order.
///
/// # Errors
/// If it names none.
pub(super) fn addresses(record: &SignedEndpoint) -> anyhow::Result<Vec<String>> {
    let list = Endpoint::decode(record.endpoint.as_slice())?.addresses;
    anyhow::ensure!(
        !list.is_empty(),
        "the endpoint record of account {} names no address",
        record.account
    );
    Ok(list.into_iter().take(ADDRESSES).collect())
}

/// Whether a gateway is tried at some addresses and not at too many, or at none, if the bytes are its record; what the fuzz
/// targets run.
#[doc(hidden)]
#[must_use]
pub fn are_few(bytes: &[u8]) -> bool {
    let Ok(record) = SignedEndpoint::decode(bytes) else { return true };
    addresses(&record).ok().is_none_or(|found| (1..=ADDRESSES).contains(&found.len()))
}
