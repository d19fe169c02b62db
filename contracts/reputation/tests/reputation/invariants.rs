//! What holds of the reputation contract between any two messages.

use crate::suite::Suite;
use caplet_api::layout::{STANDINGS, SUSPENDED, StandingRecord};
use caplet_api::reputation::{ConfigResponse, QueryMsg, StandingResponse, StandingsResponse};

/// Panics, naming what is broken, unless everything holds.
pub(crate) fn hold(suite: &Suite) {
    let config: ConfigResponse = suite.ask(&QueryMsg::Config {});
    for standing in all(suite) {
        assert!(standing.score.0 <= 10_000, "R is no share");
        assert!(standing.bound <= standing.score, "the lower bound is above the mean");
        assert!(usize::from(standing.tier) <= config.rules.tiers.len(), "an unknown tier");
        let device = standing.device.0;
        let suspended = standing.suspended_until.is_some();
        assert_eq!(suite.flags(device), (standing.tier, suspended), "peers see another standing");
        assert_eq!(standing, suite.standing(device));
        if suspended {
            assert!(standing.suspensions > 0, "suspended without ever having been");
        }
    }
    only_the_rated_have_pages(suite);
}

fn all(suite: &Suite) -> Vec<StandingResponse> {
    let mut standings: Vec<StandingResponse> = Vec::new();
    loop {
        let start_after = standings.last().map(|standing| standing.device);
        let page: StandingsResponse =
            suite.ask(&QueryMsg::Standings { start_after, limit: Some(2) });
        if page.standings.is_empty() {
            return standings;
        }
        assert!(
            page.standings.iter().all(|standing| Some(standing.device) > start_after),
            "a list went back"
        );
        standings.extend(page.standings);
    }
}

fn only_the_rated_have_pages(suite: &Suite) {
    for (key, page) in suite.app.dump_wasm_raw(&suite.reputation) {
        if key.first() != Some(&STANDINGS.prefix) {
            continue;
        }
        let number = u32::from_be_bytes(key[1..].try_into().unwrap());
        for place in 0..STANDINGS.per_page {
            let record = StandingRecord::decode(STANDINGS.slice(&page, place));
            assert_eq!(record.flags & !SUSPENDED, 0, "an unknown flag");
            if record != StandingRecord::default() {
                let device = number * STANDINGS.per_page + place;
                let standing = suite.standing(device);
                let known = standing.leases > 0 || standing.suspensions > 0;
                assert!(known, "an unrated device has a standing");
            }
        }
    }
}
