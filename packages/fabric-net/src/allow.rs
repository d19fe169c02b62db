//! Where an uplink leads.

use std::net::IpAddr;
use std::str::FromStr;

/// One rule: a name, `*.` and a name for all below it, or `*`; and a port or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    host: String,
    port: Option<u16>,
}

/// A rule that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no rule: write host:port, *.host:port or *:port, with * for any port")]
pub struct RuleError(String);

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let bad = || RuleError(text.to_owned());
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let port = if port == "*" { None } else { Some(port.parse().map_err(|_| bad())?) };
        if host.is_empty() || host.len() > 253 {
            return Err(bad());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

impl Rule {
    fn takes(&self, host: &str, port: u16) -> bool {
        let named = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(below) => host.len() > below.len() && host.ends_with(below),
            None => host == self.host,
        };
        named && self.port.is_none_or(|wanted| wanted == port)
    }
}

/// Destinations that are let through; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    rules: Vec<Rule>,
    private: bool,
}

impl Allow {
    /// Only what a rule takes, and only public addresses.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules, private: false }
    }

    /// Also addresses of the provider's own machine and network. For tests, and for owners that lease
    /// to themselves.
    #[must_use]
    pub fn with_private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Whether this name or address may be asked for at all.
    #[must_use]
    pub fn takes(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.rules.iter().any(|rule| rule.takes(&host, port))
    }

    /// Whether a name that led here may be connected to: a name can lead anywhere.
    #[must_use]
    pub fn takes_address(&self, address: IpAddr) -> bool {
        self.private || is_public(address)
    }
}

/// Whether an address is of the public network (RFC 6890 and its register).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            // 2000::/3 is all that is routed; not its parts for documentation, 6to4 and Teredo
            let [first, second, ..] = v6.segments();
            (0x2000..0x4000).contains(&first)
                && !(first == 0x2001 && (second == 0xdb8 || second < 0x200))
                && first != 0x2002
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allow(rules: &[&str]) -> Allow {
        Allow::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
    }

    #[test]
    fn nothing_is_let_through_that_no_rule_takes() {
        assert!(!Allow::default().takes("example.org", 443));
        let some = allow(&["example.org:443", "*.example.net:*", "*:80"]);
        for (host, port, taken) in [
            ("example.org", 443, true),
            ("EXAMPLE.org.", 443, true),
            ("example.org", 22, false),
            ("www.example.org", 443, false),
            ("a.b.example.net", 9, true),
            ("example.net", 9, false),
            ("badexample.net", 9, false),
            ("anything", 80, true),
        ] {
            assert_eq!(some.takes(host, port), taken, "{host}:{port}");
        }
    }

    #[test]
    fn the_providers_own_network_is_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "2002:7f00:1::",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_judged_as_what_it_maps(v4: u32) {
            let v4 = std::net::Ipv4Addr::from(v4);
            let mapped = IpAddr::V6(v4.to_ipv6_mapped());
            prop_assert_eq!(is_public(mapped), is_public(IpAddr::V4(v4)));
        }

        #[test]
        fn no_rule_text_does_harm(text in ".{0,80}") {
            let _ = text.parse::<Rule>();
        }
    }
}
