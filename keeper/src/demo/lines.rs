//! Plain lines, for pipes and logs.

use crate::scenario::{Happening, Teller};
use caplet_simulator::{Saying, Told};
use std::sync::Arc;

/// Prints a line for whatever is worth one.
pub(super) fn teller() -> Teller {
    Arc::new(|happening| {
        if let Some(line) = line(&happening) {
            println!("{line}");
        }
    })
}

/// A happening in words; `None` for what is too small to tell one by one.
pub(super) fn line(happening: &Happening) -> Option<String> {
    Some(match happening {
        Happening::Step(words) => format!("== {words}"),
        Happening::Trouble(words) => format!("!! {words}"),
        Happening::Device(told) => return device(told),
        Happening::Cleared(e) => format!(
            "   market {} epoch {}: cleared {} fills, {} lots, welfare {}, by {}{}",
            e.market,
            e.epoch,
            e.fills,
            e.lots,
            e.welfare,
            short(&e.keeper),
            if e.skipped > 0 { format!(", {} skipped", e.skipped) } else { String::new() }
        ),
        // a book that does not cross lapses every epoch: nothing happened
        Happening::Lapsed(_) => return None,
        // many a second: the live view draws them
        Happening::Reading(_) => return None,
        Happening::Opened(e) => {
            format!("   market {}: leases {:?} opened at {:?} a lot", e.market, e.leases, e.prices)
        }
        Happening::Taken(e) => format!(
            "   market {}: device {} took {} lots of offer {} at once for {}",
            e.market, e.consumer, e.lots, e.offer, e.price
        ),
        Happening::Settled(e) => format!(
            "   settled {} vouchers, {} base units",
            e.leases.len(),
            e.paid.iter().fold(0u64, |sum, p| sum.saturating_add(*p))
        ),
        Happening::Closed(e) => format!(
            "   lease {} over: {} redeemed, {} refunded ({})",
            e.lease,
            e.redeemed,
            e.refunded,
            reason(e.reason)
        ),
        Happening::Served(e) if e.before > 0 => format!(
            "!! lease {} of a pool passes from device {} to device {}, with {} base units of penalty",
            e.lease, e.before, e.member, e.penalty
        ),
        Happening::Served(e) => {
            format!("   lease {} of a pool is served by its member device {}", e.lease, e.member)
        }
        Happening::Price(e) => format!(
            "   market {}: base price {} -> {} ticks at {} % use",
            e.market,
            e.from,
            e.to,
            e.utilisation.checked_div(100).unwrap_or(0)
        ),
        Happening::Rated(e) => format!(
            "   lease {} rated {}: device {} now {} (tier {})",
            e.lease,
            bps(e.rating),
            e.device,
            bps(e.score),
            e.tier
        ),
        Happening::Suspension(e) if e.suspended => format!("!! device {} is suspended", e.device),
        Happening::Suspension(e) => format!("== device {} is reinstated", e.device),
    })
}

fn device(told: &Told) -> Option<String> {
    let name = &told.name;
    Some(match &told.saying {
        Saying::Enrolled(id) => format!("   {name} is device {id}"),
        Saying::Offered(market, ask, lots) => {
            format!("   {name} offers {lots} lots in market {market} at {ask}")
        }
        Saying::Demanded(market, limit, lots) => {
            format!("   {name} wants {lots} lots in market {market} for at most {limit}")
        }
        Saying::Declined(why) => format!("   {name} declined a proposal: {why}"),
        Saying::CallFailed(lease, why) => {
            format!("!! {name}: a call on lease {lease} failed: {why}")
        }
        Saying::GaveUp(lease) => format!("!! {name} gives lease {lease} up"),
        Saying::Paused(lease, why) => format!("   {name}: lease {lease} is paused: {why}"),
        Saying::NotSigned(lease, why) => format!("!! {name} does not sign on lease {lease}: {why}"),
        Saying::Refused(refusal) => {
            format!("!! {name} was refused: {} ({})", refusal.what, refusal.remedy)
        }
        Saying::Online
        | Saying::LeaseOpened(_)
        | Saying::LeaseEnded(..)
        | Saying::Used(..)
        | Saying::Vouched(..) => return None,
    })
}

/// A close reason in words.
pub(super) fn reason(number: u8) -> String {
    caplet_api::escrow::CloseReason::from_u8(number)
        .map_or_else(|| format!("reason {number}"), |reason| format!("{reason:?}"))
}

fn bps(value: u16) -> String {
    format!("{} %", value.checked_div(100).unwrap_or(0))
}

/// An address short enough for a line.
fn short(address: &str) -> String {
    address.get(..12).map_or_else(|| address.to_owned(), |head| format!("{head}.."))
}
