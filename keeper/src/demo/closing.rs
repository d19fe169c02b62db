//! The closing report for people.

use crate::scenario::{Ahead, LeaseLine, Report};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Base units in human units, exact.
pub(super) fn human(amount: u128, decimals: u8, symbol: &str) -> String {
    let scale = 10u128.checked_pow(u32::from(decimals)).unwrap_or(1);
    let whole = amount.checked_div(scale).unwrap_or(0);
    let fraction = amount.checked_rem(scale).unwrap_or(0);
    let digits = format!("{fraction:0width$}", width = usize::from(decimals));
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() || fraction == 0 {
        format!("{whole} {symbol}")
    } else {
        format!("{whole}.{digits} {symbol}")
    }
}

fn percent(bps: u16) -> String {
    let (whole, rest) = (bps.checked_div(100).unwrap_or(0), bps.checked_rem(100).unwrap_or(0));
    format!("{whole}.{rest:02} %")
}

/// The report as text.
#[must_use]
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    // writing to a String cannot fail
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "\nCaplet demo: {} devices on {} gateways, {} s on {}",
        report.devices, report.gateways, report.seconds, report.chain
    )?;
    writeln!(
        out,
        "{} leases opened, {} over; {} batches cleared, {} taken at once; base prices moved {} times",
        report.leases_opened,
        report.leases_settled,
        report.batches,
        report.instant,
        report.price_moves
    )?;
    let kinds: Vec<String> =
        report.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    writeln!(out, "by kind: {}    (served through: {})", kinds.join(", "), report.service)?;
    let uses: Vec<String> =
        report.uses.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    writeln!(
        out,
        "used:    {}; sealed over MQTT {}    (stores: {})",
        uses.join(", "),
        report.sealed_uses,
        if report.store == "fuse" { "a mounted folder" } else { "HTTP" }
    )?;
    let captured = &report.captured;
    writeln!(
        out,
        "in between: {} bytes of MQTT, {} between gateways by HTTP, {} by links; readable of it: {}",
        captured.mqtt_bytes, captured.exchange_bytes, captured.link_bytes, report.plaintext_seen
    )?;
    let reasons: Vec<String> =
        report.reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    writeln!(out, "ended:   {}", reasons.join(", "))?;
    ahead(out, &report.ahead)?;
    goods(out, report)?;
    leases(out, report)?;
    writeln!(out, "\nmoney of the payers (deposited = paid + fees + refunded + remaining)")?;
    for asset in &report.assets {
        let show = |amount| human(amount, asset.decimals, &asset.symbol);
        let money = &asset.money;
        writeln!(
            out,
            "  {:<5} deposited {}, paid {}, fees {}, refunded {}, remaining {}    {}",
            asset.symbol,
            show(money.deposited),
            show(money.paid),
            show(money.fees),
            show(money.refunded),
            show(money.balance_remaining),
            if money.adds_up() && asset.ledger_adds_up { "adds up" } else { "DOES NOT ADD UP" }
        )?;
    }
    writeln!(out, "\nreputation of the providers")?;
    for one in &report.reputation {
        writeln!(
            out,
            "  {:<10} {} -> {} (bound {}, tier {}, {} leases){}",
            one.name,
            percent(one.before),
            percent(one.after),
            percent(one.bound),
            one.tier,
            one.leases,
            if one.suspended { "  SUSPENDED" } else { "" }
        )?;
    }
    writeln!(
        out,
        "\nmoney conserved: {}",
        if report.conserved { "yes, read from the chain" } else { "NO" }
    )
}

/// Base units of a lease's asset in its human units.
fn paid_in(report: &Report, symbol: &str, amount: u128) -> String {
    let asset = report.assets.iter().find(|asset| asset.symbol == symbol);
    human(amount, asset.map_or(0, |asset| asset.decimals), symbol)
}

/// Leases of one kind, unit and asset.
struct Goods {
    leases: usize,
    units: u64,
    least: u64,
    most: u64,
    redeemed: u128,
}

impl Goods {
    fn with(self, lease: &LeaseLine) -> Self {
        Self {
            leases: self.leases.saturating_add(1),
            units: self.units.saturating_add(lease.units),
            least: self.least.min(lease.price),
            most: self.most.max(lease.price),
            redeemed: self.redeemed.saturating_add(lease.redeemed.into()),
        }
    }
}

/// What was traded, by kind.
fn goods(out: &mut String, report: &Report) -> std::fmt::Result {
    let mut all: BTreeMap<(&str, &str, &str), Goods> = BTreeMap::new();
    for lease in &report.leases {
        let key = (lease.kind, lease.unit.as_str(), lease.asset.as_str());
        let none = Goods { leases: 0, units: 0, least: u64::MAX, most: 0, redeemed: 0 };
        let so_far = all.remove(&key).unwrap_or(none);
        all.insert(key, so_far.with(lease));
    }
    writeln!(
        out,
        "\n{:<10} {:>6} {:>16} {:>14} {:>14} {:>16}",
        "kind", "leases", "units paid for", "a lot, from", "to", "redeemed"
    )?;
    for ((kind, unit, asset), goods) in all {
        let show = |amount| paid_in(report, asset, amount);
        let units = format!("{} {unit}", goods.units);
        writeln!(
            out,
            "{kind:<10} {:>6} {units:>16} {:>14} {:>14} {:>16}",
            goods.leases,
            show(goods.least.into()),
            show(goods.most.into()),
            show(goods.redeemed)
        )?;
    }
    Ok(())
}

/// Every lease.
fn leases(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "\n{:<6} {:<10} {:<13} {:<10} {:>14} {:>14} {:>14} {:>14}  ended",
        "lease", "kind", "consumer", "provider", "a lot", "units", "reserved", "redeemed"
    )?;
    for lease in &report.leases {
        let ended = lease
            .reason
            .map_or_else(|| format!("{:?}", lease.state), |reason| format!("{reason:?}"));
        let show = |amount: u64| paid_in(report, &lease.asset, amount.into());
        let units = format!("{} {}", lease.units, lease.unit);
        writeln!(
            out,
            "{:<6} {:<10} {:<13} {:<10} {:>14} {units:>14} {:>14} {:>14}  {ended}",
            lease.lease,
            lease.kind,
            lease.consumer,
            lease.provider,
            show(lease.price),
            show(lease.reserved),
            show(lease.redeemed)
        )?;
    }
    Ok(())
}

/// What was sold ahead, and what became of the pool's lease.
fn ahead(out: &mut String, ahead: &Ahead) -> std::fmt::Result {
    if let Some(of) = ahead.exercised {
        writeln!(
            out,
            "ahead:   a slot prepaid at {} was exercised as lease {}: {} units read, {} lost",
            of.strike, of.lease, of.units, of.units_lost
        )?;
    }
    let Some(of) = ahead.failover else { return Ok(()) };
    writeln!(
        out,
        "pool:    the gateway that served lease {} was killed after {} units; another member took over ({}), its first unit came \
         {} ms after the kill: {} units more, {} paid for, {} lost",
        of.lease,
        of.units_before,
        ahead.pool_failovers,
        of.ms,
        of.units_after,
        of.units_paid,
        of.units_lost
    )
}

#[cfg(test)]
mod tests {
    use super::{human, percent, text};
    use crate::scenario::{AssetReport, LeaseLine, Money, Report};
    use caplet_api::escrow::{CloseReason, LeaseState};

    fn lease(lease: u64, price: u64, units: u64, redeemed: u64) -> LeaseLine {
        LeaseLine {
            lease,
            kind: "sensor",
            consumer: "display".into(),
            provider: "thermo".into(),
            price,
            lots: 1,
            units,
            unit: "reading".into(),
            reserved: price,
            redeemed,
            asset: "CAP".into(),
            state: LeaseState::Closed,
            reason: Some(CloseReason::Exhausted),
        }
    }

    #[test]
    fn leases_are_told_with_their_units_and_their_amounts_in_their_asset() {
        let asset = |symbol: &str, decimals| AssetReport {
            symbol: symbol.into(),
            decimals,
            money: Money::default(),
            redeemed: 0,
            ledger_adds_up: true,
        };
        let sun = LeaseLine { asset: "SUN".into(), ..lease(3, 20, 1, 7) };
        let report = Report {
            assets: vec![asset("CAP", 3), asset("SUN", 1)],
            leases: vec![lease(1, 1_500, 20, 1_500), lease(2, 900, 5, 225), sun],
            ..Report::default()
        };
        let told = text(&report);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = told.lines().map(words).collect();
        for expected in [
            "sensor 2 25 reading 0.9 CAP 1.5 CAP 1.725 CAP",
            "sensor 1 1 reading 2 SUN 2 SUN 0.7 SUN",
            "1 sensor display thermo 1.5 CAP 20 reading 1.5 CAP 1.5 CAP Exhausted",
            "2 sensor display thermo 0.9 CAP 5 reading 0.9 CAP 0.225 CAP Exhausted",
            "3 sensor display thermo 2 SUN 1 reading 2 SUN 0.7 SUN Exhausted",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected:?} is not in {told}");
        }
    }

    #[test]
    fn amounts_are_exact_in_human_units() {
        assert_eq!(human(1_500_000, 6, "CAP"), "1.5 CAP");
        assert_eq!(human(1, 9, "SUN"), "0.000000001 SUN");
        assert_eq!(human(7, 0, "X"), "7 X");
        assert_eq!(human(2_000_000, 6, "CAP"), "2 CAP");
        assert_eq!(percent(6_005), "60.05 %");
    }
}
