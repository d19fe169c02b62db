//! The closing report for people.

use crate::scenario::{Ahead, Report};
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
    writeln!(
        out,
        "\n{:<6} {:<10} {:<13} {:<10} {:>7} {:>10} {:>10}  ended",
        "lease", "kind", "consumer", "provider", "price", "reserved", "redeemed"
    )?;
    for lease in &report.leases {
        let ended = lease
            .reason
            .map_or_else(|| format!("{:?}", lease.state), |reason| format!("{reason:?}"));
        writeln!(
            out,
            "{:<6} {:<10} {:<13} {:<10} {:>7} {:>10} {:>10}  {ended}",
            lease.lease,
            lease.kind,
            lease.consumer,
            lease.provider,
            lease.price,
            lease.reserved,
            lease.redeemed
        )?;
    }
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
    use super::{human, percent};

    #[test]
    fn amounts_are_exact_in_human_units() {
        assert_eq!(human(1_500_000, 6, "CAP"), "1.5 CAP");
        assert_eq!(human(1, 9, "SUN"), "0.000000001 SUN");
        assert_eq!(human(7, 0, "X"), "7 X");
        assert_eq!(human(2_000_000, 6, "CAP"), "2 CAP");
        assert_eq!(percent(6_005), "60.05 %");
    }
}
