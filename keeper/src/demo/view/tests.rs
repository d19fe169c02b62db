//! The live view, drawn where nobody looks.

use super::draw::draw;
use super::sensor::READINGS;
use super::state::{Market, State};
use crate::scenario::{Happening, Reading};
use caplet_protocol::wire::{LeaseNotice, Role};
use caplet_protocol::{DeviceId, LeaseId};
use caplet_simulator::{Saying, Told};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::Duration;

/// A terminal as small as they come, an ordinary one, a large one.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (220, 70)];

fn drawn(state: &State, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    terminal.backend().to_string()
}

/// Whether there is a line of dots.
fn is_charted(screen: &str) -> bool {
    screen.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

fn says(state: &mut State, name: &str, saying: Saying) {
    state.take(&Happening::Device(Told { name: name.to_owned(), saying }));
}

fn read(state: &mut State, consumer: &str, lease: u64, value: f64) {
    state.take(&Happening::Reading(Reading {
        lease: LeaseId(lease),
        consumer: consumer.to_owned(),
        provider: DeviceId(3),
        name: "air".to_owned(),
        unit: "Cel".to_owned(),
        value,
    }));
}

fn leased(state: &mut State, consumer: &str, lease: u64) {
    let notice = LeaseNotice { lease, role: Role::Consumer.into(), ..LeaseNotice::default() };
    says(state, consumer, Saying::LeaseOpened(Box::new(notice)));
}

/// A view with a market, in which a device is known.
fn state() -> State {
    let mut state = State::new(Duration::from_secs(60));
    says(&mut state, "weather-1", Saying::Enrolled(DeviceId(3)));
    let market = Market { trend: (1..40).collect(), ..Market::default() };
    state.markets.insert(1, market);
    state
}

#[test]
fn a_leased_sensor_is_a_chart_that_moves_with_what_is_read() {
    let mut state = state();
    for size in SIZES {
        let screen = drawn(&state, size);
        assert!(!is_charted(&screen) && !screen.contains("read by"), "nothing is read: {screen}");
    }
    leased(&mut state, "thermostat-1", 7);
    for value in [20.0, 21.0, 20.5, -3.5] {
        read(&mut state, "thermostat-1", 7, value);
    }
    for size in SIZES {
        let screen = drawn(&state, size);
        assert!(is_charted(&screen), "{screen}");
        for words in [
            " air of weather-1: -3.5 Cel ",
            " read by thermostat-1 ",
            "-4.0",
            "21.5",
            " base prices ",
            "market 1: 39 ticks",
            " leases ",
            " what happens ",
            "weather-1 is device 3",
        ] {
            assert!(screen.contains(words), "{words:?} is not on {size:?}: {screen}");
        }
    }
    let before = drawn(&state, SIZES[0]);
    read(&mut state, "thermostat-1", 7, 20.0);
    assert_ne!(drawn(&state, SIZES[0]), before);
}

#[test]
fn the_chart_keeps_so_many_readings_over_the_leases_of_one_consumer() {
    let mut state = state();
    for lease in 1..=3u32 {
        leased(&mut state, "thermostat-1", lease.into());
        (0..50).for_each(|_| read(&mut state, "thermostat-1", lease.into(), lease.into()));
    }
    let readings = &state.sensor.as_ref().unwrap().readings;
    assert_eq!(readings.len(), READINGS);
    assert_eq!((readings.front(), readings.back()), (Some(&1.0), Some(&3.0)));
}

#[test]
fn of_two_sensors_the_first_is_drawn_until_its_lease_is_over() {
    let mut state = state();
    let consumer = |state: &State| drawn(state, SIZES[0]).contains(" read by planner-1 ");
    leased(&mut state, "thermostat-1", 7);
    leased(&mut state, "planner-1", 8);
    read(&mut state, "thermostat-1", 7, 20.0);
    read(&mut state, "planner-1", 8, 20.0);
    assert!(!consumer(&state), "they would take turns");
    says(&mut state, "thermostat-1", Saying::GaveUp(LeaseId(7)));
    read(&mut state, "planner-1", 8, 20.0);
    assert!(consumer(&state));
}
