//! What holds of the reputation contract between any two messages.

use crate::suite::Suite;
use caplet_api::layout::{STANDINGS, SUSPENDED, StandingRecord};
use caplet_api::reputation::{
    ConfigResponse, QueryMsg, StakeResponse, StandingResponse, StandingsResponse,
};
use caplet_mechanism::reputation::{self, Evidence};
use caplet_protocol::DeviceId;
use core::num::NonZeroU32;

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
        let shown: StakeResponse = suite.ask(&QueryMsg::Stake { device: standing.device });
        assert_eq!(
            allowance(suite, standing.device),
            shown.allowance.u128(),
            "peers reckon another"
        );
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

/// A device's allowance as a peer reckons it from the pages.
fn allowance(suite: &Suite, device: DeviceId) -> u128 {
    let app = suite.app.wrap();
    let mut peer = caplet_base::peer::Standings::new(app, &suite.reputation);
    let (rules, known, staked) = peer.allowance(device).unwrap();
    let evidence = Evidence { alpha: known.alpha, beta: known.beta };
    let half_life = NonZeroU32::new(rules.half_life).unwrap();
    let evidence = evidence.decayed(suite.now() - u64::from(known.updated), half_life);
    let burned = reputation::burned(evidence.alpha, rules.standard_fee);
    reputation::allowance(rules.starter.into(), staked.into(), burned)
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
