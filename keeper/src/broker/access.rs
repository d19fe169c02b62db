//! Who may say and hear what: topics have fixed positions, so a rule is one pattern.

use super::who::Who;
use caplet_protocol::topics::{self, Party, ROOT};

/// Whether `who` may publish to `topic`; a last will is a publication too.
pub(super) fn may_publish(who: Who<'_>, topic: &str) -> bool {
    match (who, topics::parse(topic)) {
        (Who::Keeper, party) => party.is_some() || is_local(topic),
        (Who::Device(own), Some(Party::Device { device, up: true, rest })) => {
            device == own && !rest.is_empty()
        }
        (Who::Enrolling(own), Some(Party::Enrolling { key, up: true })) => {
            key == own && topic == topics::enrol_up(own)
        }
        _ => false,
    }
}

/// Whether `who` may subscribe to `filter`. Wildcards stand only behind what is the client's own,
/// or in place of a gateway's name.
pub(super) fn may_subscribe(who: Who<'_>, filter: &str) -> bool {
    match who {
        Who::Keeper => filter.starts_with(ROOT),
        Who::Device(device) => {
            let own = topics::all_dn(device);
            let own = own.trim_end_matches('#');
            filter.strip_prefix(own).is_some_and(|rest| !rest.is_empty()) || is_public(filter)
        }
        Who::Enrolling(key) => filter == topics::enrol_dn(key),
    }
}

/// Below `v/{alias}/`: a leased capability, published by the gateway that uses it.
fn is_local(topic: &str) -> bool {
    let rest = topic.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix("/v/"));
    let parts = rest.and_then(|rest| rest.split_once('/'));
    parts.is_some_and(|(alias, rest)| !alias.is_empty() && !rest.is_empty())
}

/// `gw/{name or +}/market/...` and `gw/{name or +}/status/...`.
fn is_public(filter: &str) -> bool {
    let Some(rest) = filter.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix("/gw/")) else {
        return false;
    };
    let mut parts = rest.splitn(3, '/');
    let name = parts.next().unwrap_or("");
    let family = parts.next().unwrap_or("");
    let public = matches!(family, "market" | "status");
    !name.is_empty() && name != "#" && public && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::{
        DeviceId,
        topics::{Dn, Up},
    };

    const SEVEN: Who<'_> = Who::Device(DeviceId(7));
    const KEY: &str = "ab";

    #[test]
    fn a_device_speaks_on_its_own_topics_only() {
        assert!(may_publish(SEVEN, &Up::Profile.topic(DeviceId(7))));
        for forged in [
            &Up::Profile.topic(DeviceId(8)),
            &Dn::Proposal(1).topic(DeviceId(7)),
            "caplet/v1/d/7/up",
            "caplet/v1/d/7/up/",
            "caplet/v1/d/07/up/profile",
            "caplet/v1/e/ab/up",
            "caplet/v1/gw/1/market/1",
            "caplet/v1/gw/1/status/health",
            "$SYS/broker",
            "x",
        ] {
            assert!(!may_publish(SEVEN, forged), "{forged}");
        }
    }

    #[test]
    fn only_the_gateway_speaks_for_what_it_has_leased() {
        assert!(may_publish(Who::Keeper, "caplet/v1/v/temperature-7/data"));
        for forged in ["caplet/v1/v/temperature-7", "caplet/v1/v//data", "other/v/x/data"] {
            assert!(!may_publish(Who::Keeper, forged), "{forged}");
        }
        assert!(!may_publish(SEVEN, "caplet/v1/v/temperature-7/data"));
    }

    #[test]
    fn a_device_hears_its_own_and_what_is_public() {
        for own in [
            "caplet/v1/d/7/dn/#",
            "caplet/v1/d/7/dn/call/+",
            "caplet/v1/gw/+/market/#",
            "caplet/v1/gw/3/status/health",
        ] {
            assert!(may_subscribe(SEVEN, own), "{own}");
        }
        for strange in [
            "#",
            "+/v1/d/7/dn/#",
            "caplet/v1/#",
            "caplet/v1/d/8/dn/#",
            "caplet/v1/d/+/dn/#",
            "caplet/v1/d/7/up/#",
            "caplet/v1/d/77/dn/#",
            "caplet/v1/d/7/#",
            "caplet/v1/d/7/dn/",
            "caplet/v1/gw/#",
            "caplet/v1/gw/+/#",
            "caplet/v1/gw/+/market",
            "caplet/v1/e/ab/dn",
            "$share/g/caplet/v1/d/7/dn/#",
            "$SYS/#",
        ] {
            assert!(!may_subscribe(SEVEN, strange), "{strange}");
        }
    }

    #[test]
    fn an_enrolling_key_has_two_topics_and_the_keeper_ours() {
        let who = Who::Enrolling(KEY);
        assert!(may_publish(who, &topics::enrol_up(KEY)));
        assert!(may_subscribe(who, &topics::enrol_dn(KEY)));
        for strange in ["caplet/v1/e/ac/up", "caplet/v1/e/ab/dn", "caplet/v1/d/1/up/profile"] {
            assert!(!may_publish(who, strange), "{strange}");
        }
        for strange in ["caplet/v1/e/+/dn", "caplet/v1/e/ab/#", "caplet/v1/gw/+/market/#", "#"] {
            assert!(!may_subscribe(who, strange), "{strange}");
        }
        assert!(may_publish(Who::Keeper, &Dn::Proposal(1).topic(DeviceId(7))));
        assert!(!may_publish(Who::Keeper, "elsewhere"));
        assert!(may_subscribe(Who::Keeper, "caplet/v1/+/+/up/#"));
        assert!(!may_subscribe(Who::Keeper, "#"));
    }
}
