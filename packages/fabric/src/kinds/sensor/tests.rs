//! A sensor that says nothing while its session is up, as every surface shows it.

use super::heard::{Heard, Reading};
use super::local::tell_status;
use super::resource::SensorResource;
use super::silence::follow;
use super::window::Window;
use crate::desk::Resource as _;
use crate::end::End;
use crate::health::{Health, wall_millis};
use crate::surface::Topics;
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use caplet_protocol::DeviceId;
use caplet_protocol::wire::SessionEnd;
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(100);
/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// A broker that keeps what was published.
#[derive(Default)]
struct Board(Mutex<Vec<Value>>);

#[async_trait]
impl Topics for Board {
    async fn publish(&self, _: &str, payload: &[u8], _: bool) -> Result<(), String> {
        self.0.lock().unwrap().push(serde_json::from_slice(payload).unwrap());
        Ok(())
    }
}

/// A leased sensor without its connection.
struct Sensor {
    session: watch::Sender<Health>,
    last: watch::Sender<Option<Reading>>,
    resource: SensorResource,
    board: Arc<Board>,
}

impl Sensor {
    fn new() -> Self {
        let (session, last) = (watch::Sender::new(Health::Up), watch::Sender::new(None));
        let (shown, board) = (watch::Sender::new(Health::Up), Arc::<Board>::default());
        let (thing, health) = (json!({ "title": "thermometer" }), shown.subscribe());
        let tasks = TaskTracker::new();
        tasks.spawn(follow(session.subscribe(), last.subscribe(), shown));
        tasks.spawn(tell_status(health.clone(), board.clone(), "attic".to_owned()));
        let window = Arc::new(Window::new(LONG));
        let resource = SensorResource { thing, last: last.subscribe(), window, health };
        Self { session, last, resource, board }
    }

    /// A reading comes that is fresh for so long.
    fn says(&self, sequence: u64, fresh: Duration) {
        let pack = json!([{ "n": "air", "u": "Cel", "v": 20u64.saturating_add(sequence) }]);
        let (by, time_ms, heard) = (DeviceId(1), wall_millis(), Heard::now(fresh));
        self.last.send_replace(Some(Reading { by, sequence, time_ms, pack, heard }));
    }

    async fn answer(&self, rest: &str) -> Response {
        self.resource.answer(rest, Request::new(Body::empty())).await
    }

    async fn get(&self, rest: &str) -> (u16, Value) {
        let answer = self.answer(rest).await;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Waits until its resource and its topic say that it is so, and tells the resource's status and body.
    async fn is(&self, health: &str) -> (u16, Value) {
        let wait = async {
            loop {
                let (status, body) = self.get("").await;
                let told = self.board.0.lock().unwrap().last().cloned().unwrap_or_default();
                if body["health"] == health && told["health"] == health {
                    return (status, body);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await;
        found.unwrap_or_else(|_| panic!("it never was {health}"))
    }
}

/// What comes on a request for events until something of it is `wanted`.
async fn events(answer: Response, wanted: &str) -> String {
    let (mut stream, mut all) = (answer.into_body().into_data_stream(), String::new());
    let wait = async {
        while !all.contains(wanted) {
            let bytes = stream.next().await.expect("the stream ended").unwrap();
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
    };
    let came = tokio::time::timeout(PATIENCE, wait).await;
    assert!(came.is_ok(), "{wanted} never came: {all}");
    all
}

#[tokio::test]
async fn what_was_said_too_long_ago_is_stale_on_every_surface_until_something_is_said_again() {
    let sensor = Sensor::new();
    sensor.says(1, LONG);
    let (status, body) = sensor.is("up").await;
    assert_eq!((status, &body["stale"], &body["sequence"]), (200, &json!(false), &json!(1)));
    let listening = sensor.answer("events").await;

    sensor.says(2, SHORT);
    let (status, body) = sensor.is("stale").await;
    assert_eq!((status, &body["stale"], &body["sequence"]), (503, &json!(true), &json!(2)));
    assert_eq!(body["senml"][0]["v"], 22, "the last record is still to be seen");
    assert!(body["since"].as_u64().is_some_and(|since| since > 0), "{body}");
    let (_, thing) = sensor.get("td").await;
    assert_eq!(thing["caplet:health"]["health"], "stale");
    let said = events(listening, "\"health\":\"stale\"").await;
    assert!(said.contains("event: status") && said.contains("\"v\":22"), "{said}");
    // who asks only now is told as well
    let said = events(sensor.answer("events").await, "\"health\":\"stale\"").await;
    assert!(said.contains("event: status"), "{said}");

    sensor.says(3, LONG);
    let (status, body) = sensor.is("up").await;
    assert_eq!((status, &body["stale"], &body["sequence"]), (200, &json!(false), &json!(3)));
    let said = events(sensor.answer("events").await, "\"v\":23").await;
    assert!(!said.contains("event: status"), "an application reads nothing but readings: {said}");
}

#[tokio::test]
async fn a_session_that_is_not_up_says_why_and_one_that_is_back_has_yet_to_bring_a_reading() {
    let sensor = Sensor::new();
    sensor.says(1, Duration::ZERO);
    sensor.is("stale").await;
    sensor.session.send_replace(Health::Paused("unpaid".to_owned()));
    let (status, body) = sensor.is("paused").await;
    assert_eq!((status, &body["reason"], &body["stale"]), (503, &json!("unpaid"), &json!(true)));
    sensor.session.send_replace(Health::Up);
    sensor.is("stale").await;
    sensor.says(2, LONG);
    sensor.is("up").await;
    let over = End::new(SessionEnd::Detached, "it was detached");
    sensor.session.send_replace(Health::Closed(over));
    let (_, body) = sensor.is("closed").await;
    assert_eq!(body["reason"], "it was detached");
}
