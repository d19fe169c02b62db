//! What a gateway asks of a profile before it believes a field of it: ranges, lengths, no contradiction.

mod capability;
mod demand;

use super::{CapabilityKind, Cost, FieldError, PricedPer, Problem, Schema, cost, field::In};
use crate::Kind;
use alloc::string::String;

/// Most bytes of an address or denomination.
const MAX_ADDRESS: usize = 128;
/// Most bytes of a name, model or resource.
const MAX_NAME: usize = 64;
/// Most bytes of a unit.
const MAX_UNIT: usize = 16;
/// Most tags.
const MAX_TAGS: usize = 32;
/// Most bytes of a tag: one that names code is `mr/` and 64 digits.
const MAX_TAG: usize = 67;

fn text(at: In, field: &'static str, value: &str, most: usize) -> Result<(), FieldError> {
    if value.is_empty() {
        return Err(at.fail(field, Problem::Missing));
    }
    at.short(field, value.len(), most)
}

fn kind(at: In, value: i32) -> Result<Kind, FieldError> {
    let unknown = at.fail("kind", Problem::Unknown { found: value.into() });
    CapabilityKind::try_from(value).ok().and_then(CapabilityKind::known).ok_or(unknown)
}

fn tags(at: In, tags: &[String]) -> Result<(), FieldError> {
    at.short("tags", tags.len(), MAX_TAGS)?;
    tags.iter().try_for_each(|tag| text(at, "tags", tag, MAX_TAG))
}

fn cost(price: &Cost) -> Result<(), FieldError> {
    let at = In(Cost::NAME);
    at.at_least("amount", price.amount, 1)?;
    at.at_least("quantity", price.quantity, 1)?;
    if PricedPer::try_from(price.per).ok().and_then(PricedPer::known).is_none() {
        return Err(at.fail("per", Problem::Unknown { found: price.per.into() }));
    }
    match at.present("asset", price.asset.as_ref())? {
        cost::Asset::Denom(denom) => text(at, "denom", denom, MAX_ADDRESS),
        cost::Asset::Cw20(token) => text(at, "cw20", token, MAX_ADDRESS),
    }
}
