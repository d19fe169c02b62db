//! Leases on attested enclaves, from the quote to the money: served by a keeper, used by `caplet exec`.

use super::vault::{LOT, PROGRAM, Vault};
use crate::common::until;
use async_trait::async_trait;
use caplet::fabric::{Offered, Seams, Units};
use caplet_api::escrow::CloseReason;
use caplet_api::registry::ExecuteMsg;
use caplet_attest::session::{EnclaveKeys, Place, Sealed};
use caplet_fabric::adapter::AnyAdapter;
use caplet_fabric_enclave::{Enclave, EnclaveAdapter, Inside, Programs, Served};
use caplet_fabric_wasi::Machine;
use std::process::Output;
use std::sync::Arc;

const SECRET: &[u8] = b"the patient's blood pressure is 160 over 100, and more of the like";

fn contains(all: &[u8], text: &[u8]) -> bool {
    all.windows(text.len()).any(|part| part == text)
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_of_an_attested_enclave_is_used_sealed_from_the_quote_to_the_money() {
    let mut vault = Vault::new().await;
    // all that passes between the provider's keeper and the enclave is kept
    let (to, from) = (vault.path("to"), vault.path("from"));
    let line = format!(
        "tee {} | {} serve --keys {} | tee {}",
        to.display(),
        env!("CARGO_BIN_EXE_caplet-enclave"),
        vault.keys(),
        from.display()
    );
    let command = ["sh".to_owned(), "-c".to_owned(), line];
    let first = vault.keeper(1, &command, Seams::default()).await;
    let second = vault.keeper(2, &[], Seams::default()).await;
    let device = vault.enrolled(&first).await;
    let found = vault.attested(device).await;
    assert_eq!(found.attestations.len(), 2, "two keepers verified the quote, each for itself");
    let notice = vault.leased(&first, &second).await;
    let all = second.fabric().unwrap().consumers().all();
    assert_eq!((all[0].service, all[0].units), ("enclave", 0));

    let mut units = 0;
    for _ in 0..2 {
        let ran = vault.exec(&second, &notice.alias, SECRET).await;
        assert!(ran.status.success(), "{}", words(&ran));
        let said: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        let shouted = String::from_utf8(SECRET.to_ascii_uppercase()).unwrap();
        assert_eq!((said["exit"].as_i64(), said["output"].as_str()), (Some(0), Some(&*shouted)));
        units += said["units"].as_u64().unwrap();
    }
    let counted = || second.fabric().unwrap().consumers().all()[0].units;
    until("all of it to be counted", async || (counted() >= units).then_some(())).await;
    assert_eq!(counted(), units, "what the enclave said inside its sealed outputs");

    for file in [&to, &from] {
        let seen = std::fs::read(file).unwrap();
        assert!(seen.len() > 2 * SECRET.len(), "it did carry it all");
        for text in [SECRET, &SECRET.to_ascii_uppercase(), PROGRAM] {
            assert!(!contains(&seen, text), "readable outside the enclave");
        }
    }
    vault.ended(&second, &notice.alias).await;
    let closed = vault.closed(notice.lease).await;
    let (paid, owed) = (closed.lanes[0].redeemed.u64(), units * notice.price / notice.lot);
    let segment = notice.price.div_ceil(8) + 1;
    assert!(paid >= owed && paid <= owed + segment, "{owed} owed, {paid} paid");
    vault.end([first, second]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enclave_that_is_attested_no_more_or_runs_other_code_gets_nothing_and_is_paid_nothing() {
    let mut vault = Vault::leasing_for(240).await;
    let command = [env!("CARGO_BIN_EXE_caplet-enclave"), "serve", "--keys", &vault.keys()];
    let command = command.map(str::to_owned);
    let first = vault.keeper(1, &command, Seams::default()).await;
    let second = vault.keeper(2, &[], Seams::default()).await;
    let device = vault.enrolled(&first).await;
    vault.attested(device).await;
    let notice = vault.leased(&first, &second).await;

    vault.appoint(0).await;
    vault.registry(false, &ExecuteMsg::RevokeAttestation { device }).await;
    let refused = vault.exec(&second, &notice.alias, SECRET).await;
    assert!(!refused.status.success());
    assert!(words(&refused).contains("is not attested now"), "{}", words(&refused));

    vault.replace_code();
    vault.appoint(1).await;
    vault.register(vault.stage.home(&first).registry, device, 2).await;
    vault.attested(device).await;
    // what the registry said before is believed for two seconds
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    for _ in 0..2 {
        let refused = vault.exec(&second, &notice.alias, SECRET).await;
        assert!(!refused.status.success());
        assert!(words(&refused).contains("which is not accepted"), "{}", words(&refused));
    }
    // three refusals give the lease up: its money is free again
    vault.ended(&second, &notice.alias).await;
    let closed = vault.closed(notice.lease).await;
    assert_eq!(closed.lanes[0].redeemed.u64(), 0);
    vault.end([first, second]).await;
}

/// A gateway whose enclave's outputs are changed on their way out.
struct Tampering(EnclaveKeys);

struct Tampered<E>(E);

#[async_trait]
impl<E: Enclave> Enclave for Tampered<E> {
    async fn answer(&self, p: &Place, n: [u8; 32], e: [u8; 32]) -> Result<[u8; 64], String> {
        self.0.answer(p, n, e).await
    }

    async fn serve(&self, place: &Place, op: u64, input: &Sealed) -> Result<Served, String> {
        let mut served = self.0.serve(place, op, input).await?;
        served.output.sealed.text[9] ^= 1;
        Ok(served)
    }
}

#[async_trait]
impl Units for Tampering {
    async fn adapter(&self, offered: &Offered<'_>) -> anyhow::Result<Option<Arc<dyn AnyAdapter>>> {
        let keys = EnclaveKeys::from_bytes(&self.0.to_bytes());
        let inside = Inside::new(keys, Programs::new(Machine::new()?));
        Ok(Some(Arc::new(EnclaveAdapter::new(Arc::new(Tampered(inside)), offered.sessions()))))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_that_was_changed_outside_the_enclave_ends_the_lease_for_a_segment_at_most() {
    let mut vault = Vault::new().await;
    let kept = std::fs::read_to_string(vault.keys()).unwrap();
    let keys: [u8; 64] = hex::decode(kept).unwrap().try_into().unwrap();
    let units = Arc::new(Tampering(EnclaveKeys::from_bytes(&keys))) as Arc<dyn Units>;
    let seams = Seams { units: Some(units), ..Seams::default() };
    let first = vault.keeper(1, &[], seams).await;
    let second = vault.keeper(2, &[], Seams::default()).await;
    let device = vault.enrolled(&first).await;
    vault.attested(device).await;
    let notice = vault.leased(&first, &second).await;
    let refused = vault.exec(&second, &notice.alias, SECRET).await;
    assert!(!refused.status.success());
    let said = words(&refused);
    assert!(said.contains("not signed by the attested enclave"), "{said}");
    let (_, why) = vault.ended(&second, &notice.alias).await;
    assert!(why.contains("attested enclave") || why.contains("ConsumerClosed"), "{why}");
    let closed = vault.closed(notice.lease).await;
    assert_eq!(closed.reason, Some(CloseReason::ConsumerClosed));
    let (paid, segment) = (closed.lanes[0].redeemed.u64(), notice.price.div_ceil(8) + 1);
    assert!(paid <= segment, "{paid} paid, a segment of {LOT} units is {segment}");
    vault.end([first, second]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_without_the_enclaves_keys_gets_nothing_and_is_paid_nothing() {
    let mut vault = Vault::new().await;
    let others = Arc::new(Tampering(EnclaveKeys::generate().unwrap())) as Arc<dyn Units>;
    let seams = Seams { units: Some(others), ..Seams::default() };
    let first = vault.keeper(1, &[], seams).await;
    let second = vault.keeper(2, &[], Seams::default()).await;
    let device = vault.enrolled(&first).await;
    vault.attested(device).await;
    let notice = vault.leased(&first, &second).await;
    let refused = vault.exec(&second, &notice.alias, SECRET).await;
    assert!(!refused.status.success());
    assert!(words(&refused).contains("another machine serves it"), "{}", words(&refused));
    let closed = vault.closed(notice.lease).await;
    assert_eq!(closed.lanes[0].redeemed.u64(), 0);
    vault.end([first, second]).await;
}
