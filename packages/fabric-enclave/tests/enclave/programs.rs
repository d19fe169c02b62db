//! Programs that consumers bring, run inside.

use crate::stand::{PATIENCE, Registry, judged};
use caplet_attest::session::{EnclaveKeys, Place, Sealed};
use caplet_fabric::health::Health;
use caplet_fabric_enclave::{
    Accepted, ENCLAVE, Enclave, EnclaveAdapter, EnclaveSurface, Inside, Programs, Separate, Within,
    done,
};
use caplet_fabric_testkit::{Options, World};
use caplet_fabric_wasi::Machine;
use std::sync::{Arc, Mutex};

/// Writes its standard input back, with a mark of its own before it.
const ECHO: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "known only inside: ")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 83))
    (i32.store (i32.const 4) (i32.const 1000))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.add (i32.const 19) (i32.load (i32.const 8))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// Runs for ever.
const LOOP: &str = r#"(module (memory (export "memory") 1)
  (func (export "_start") (loop $on (br $on))))"#;

struct Stand {
    world: Arc<World>,
    url: String,
    http: reqwest::Client,
    _attached: caplet_fabric::surface::Attached,
}

/// An enclave of a program of its own, as the keeper has it, leased and local.
async fn stand(most_units: u64) -> Stand {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let inside =
        Inside::new(EnclaveKeys::generate().unwrap(), Programs::new(Machine::new().unwrap()));
    let attested = judged(inside.public());
    let separate = Separate::new(Within::new(Arc::new(inside))).unwrap();
    let world = World::new(Options::default());
    world.offer(Arc::new(EnclaveAdapter::new(Arc::new(separate), 4)));
    let lease = world.lease(1, ENCLAVE);
    let attestations = Arc::new(Registry { says: Mutex::new(Some(attested)) });
    let accepted = Accepted::These(vec![attested.measurement]);
    let surface = EnclaveSurface { attestations, accepted, most_units };
    let attached = world.attach(&lease, &surface, "vault").await;
    attached.client().until(|h| *h == Health::Up).await.unwrap();
    let url = format!("{}/v1/caps/vault", world.http().await);
    Stand { world, url, http: reqwest::Client::new(), _attached: attached }
}

impl Stand {
    async fn run(&self, module: &str, input: &'static [u8]) -> reqwest::Response {
        let module = wat::parse_str(module).unwrap();
        let kept = self.http.put(format!("{}/modules", self.url)).body(module).send().await;
        let kept: serde_json::Value = kept.unwrap().json().await.unwrap();
        let url = format!("{}/run/{}", self.url, kept["module"].as_str().unwrap());
        self.http.post(url).body(input).timeout(PATIENCE).send().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_runs_in_the_enclave_as_on_any_machine() {
    let stand = stand(50).await;
    let ran = stand.run(ECHO, b"and what it was told").await;
    assert_eq!(ran.status().as_u16(), 200);
    assert_eq!(ran.headers()["x-caplet-exit"], "0");
    let units: u64 = ran.headers()["x-caplet-units"].to_str().unwrap().parse().unwrap();
    assert!(units > 0);
    assert_eq!(ran.text().await.unwrap(), "known only inside: and what it was told");
    assert!(stand.world.paid(caplet_protocol::LeaseId(1)) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_never_ends_stops_at_what_is_paid_ahead() {
    let stand = stand(3).await;
    let ran = stand.run(LOOP, b"").await;
    assert_eq!(ran.status().as_u16(), 502);
    let words = ran.text().await.unwrap();
    assert!(words.contains("out of fuel"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_program_is_said_to_be_none() {
    let stand = stand(3).await;
    let ran = stand.http.post(format!("{}/call", stand.url)).body("no program").send().await;
    let said = done(&ran.unwrap().bytes().await.unwrap(), 1);
    assert!(said.unwrap_err().contains("is no program"));
}

#[tokio::test]
async fn a_program_between_host_and_enclave_refuses_what_is_none_of_its_operations() {
    use caplet_fabric::kinds::jobs::Executor as _;
    let job = |input: &[u8]| (input.to_vec(), 1);
    let within = Within::new(Arc::new(Inside::new(EnclaveKeys::generate().unwrap(), job)));
    let params = format!(r#"{{"domain":{:?},"lease":1,"device":2}}"#, [0u8; 32]);
    for (job, params, input) in [
        ("dance", params.as_str(), vec![0; 64]),
        ("answer", params.as_str(), vec![0; 63]),
        ("answer", "{}", vec![0; 64]),
        ("serve", params.as_str(), vec![0; 31]),
        ("serve", params.as_str(), vec![7; 100]),
    ] {
        assert!(within.run(job, params, input.into()).await.is_err(), "{job} {params}");
    }
    struct Other;
    #[async_trait::async_trait]
    impl caplet_fabric::kinds::jobs::Executor for Other {
        fn jobs(&self) -> Vec<String> {
            vec!["blur".into()]
        }
        async fn run(
            &self,
            _: &str,
            _: &str,
            _: bytes::Bytes,
        ) -> Result<caplet_fabric::kinds::jobs::Work, String> {
            Err("nothing".into())
        }
    }
    assert!(Separate::new(Other).is_err());
    let separate = Separate::new(within).unwrap();
    let place = Place {
        domain: caplet_protocol::Domain([1; 32]),
        lease: caplet_protocol::LeaseId(1),
        device: caplet_protocol::DeviceId(2),
    };
    let garbage = Sealed { key: [9; 32], text: vec![1; 60] };
    assert!(separate.serve(&place, 1, &garbage).await.is_err());
}
