//! What a lot costs a buyer beyond its price. This function exists once.

use crate::{Class, Market, Vector};

/// Base units a lot of `class` costs the buyer behind `vector` beyond the price:
///
/// `floor(rho * tick * (10000 - R) / 10000) + floor(lambda * tick * ms / 1000) + fee`.
///
/// This is how reliability and proximity rank together with price: as money that the buyer itself
/// declared, so an offer that is never chosen changes no ranking. It never rises from a class to one
/// that [dominates](Class::dominates) it.
///
/// `None` when a hard requirement fails, when there is no way between the cells, when the market does
/// not know the class's reliability tier; and when the sum exceeds `u64`, which is above every limit
/// a demand can have.
#[must_use]
pub fn cost(market: &Market, class: &Class, vector: &Vector) -> Option<u64> {
    if !vector.accepts(class) {
        return None;
    }
    let ms = market.latency(class.cell, vector.cell)?;
    let reliability = *market.reliability_bps.get(usize::from(class.reliability))?;
    let lost = 10_000u16.saturating_sub(reliability);
    share(market.tick_size, vector.rho, lost, 10_000)?
        .checked_add(share(market.tick_size, vector.lambda, ms, 1_000)?)?
        .checked_add(market.fee_per_lot)
}

/// `floor(tick * weight * part / whole)`, in 64 bits where the product fits: the contract calls this
/// for every pair of class and vector, and division of 128 bits is a subroutine there.
fn share(tick: u64, weight: u16, part: u16, whole: u64) -> Option<u64> {
    let factor = u64::from(weight).saturating_mul(u64::from(part)); // below 2^32
    match tick.checked_mul(factor) {
        Some(product) => product.checked_div(whole),
        None => {
            let product = u128::from(tick).checked_mul(u128::from(factor))?;
            u64::try_from(product.checked_div(u128::from(whole))?).ok()
        }
    }
}
