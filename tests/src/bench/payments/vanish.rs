//! What each side loses at worst when the other one vanishes, measured over many honest sessions that
//! are cut at every place.

use super::world::{NOW, key, public, terms, view};
use caplet_metering::journal::Memory;
use caplet_metering::payer::Connection;
use caplet_metering::{Gate, Pace, Payee, Payer, Risk, Terms};
use serde_json::json;

/// Units in a segment; a unit is three base units.
const SEGMENT: u64 = 64;

#[derive(Default)]
struct Worst {
    payee: u128,
    payer: u128,
}

pub(super) fn vanish() -> anyhow::Result<()> {
    for cap in [0u128, 10, 100, 1_000, 10_000] {
        let mut worst = Worst::default();
        for way in [Pace::vouchers(SEGMENT), Pace::ticks(16, 32)] {
            for delay in [0, 1, 7, 40] {
                session(&terms(1, way), Risk { cap }, delay, &mut worst)?;
            }
        }
        let line = json!({
            "bench": "payments", "what": "lost at worst when the other side vanishes, base units",
            "risk_cap": cap.to_string(), "payee_loses": worst.payee.to_string(),
            "payer_loses": worst.payer.to_string(),
            "segment_value": terms(1, Pace::vouchers(SEGMENT)).owed(SEGMENT).to_string(),
        });
        println!("{line}");
    }
    Ok(())
}

/// One session whose statements arrive `delay` units of service later. After every step it is asked what
/// each side would have lost had that been the last one.
fn session(terms: &Terms, risk: Risk, delay: usize, worst: &mut Worst) -> anyhow::Result<()> {
    let (secret, view) = (key(1), view(NOW));
    let payees = Memory::default();
    let mut payee = Payee::open(*terms, risk, public(&secret)?, payees, view)?;
    let mut payer = Payer::open(*terms, secret, [7; 32], Memory::default(), view)?;
    let connection = Connection::default();
    let hello = payer.hello(&payee.challenge([1; 32]), &connection)?;
    let meter = payer.on_resume(&payee.on_hello(&hello, &connection)?)?;
    payee.on_meter(&meter, NOW)?;
    let mut had = 0u64;
    let mut flying = std::collections::VecDeque::new();
    for _ in 0..5_000 {
        flying.push_back(payer.statement(NOW)?);
        if flying.len() > delay
            && let Some(Some(statement)) = flying.pop_front()
        {
            payee.on_statement(&statement, NOW)?;
        }
        match payee.charge(1, NOW) {
            Gate::Go => {
                had = had.saturating_add(1);
                let owed = terms.owed(had);
                worst.payee = worst.payee.max(owed.saturating_sub(payee.state().worth()));
                payer.count(1);
            }
            Gate::Pause(pause) => payee.on_meter(&payer.on_pause(&pause), NOW)?,
            Gate::End(end) => anyhow::bail!("an honest session has ended: {end:?}"),
        }
        worst.payer = worst.payer.max(payer.state().worth().saturating_sub(terms.owed(had)));
    }
    // the payer vanishes, and the payee serves as long as it will
    while payee.charge(1, NOW) == Gate::Go {
        had = had.saturating_add(1);
    }
    worst.payee = worst.payee.max(terms.owed(had).saturating_sub(payee.state().worth()));
    Ok(())
}
