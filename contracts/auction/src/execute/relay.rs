//! `Relay`: signed orders in packed form, placed by anybody.

use super::Context;
use super::{brought::Brought, place::place};
use crate::ContractError;
use caplet_api::auction::MAX_PAGE;
use caplet_api::packed::PackedError;
use caplet_protocol::{
    MarketId,
    layout::{Demand, Offer},
};
use cosmwasm_std::{Response, Storage};

const SIGNATURE: usize = 64;
const OFFER: usize = Offer::BODY + SIGNATURE;
const DEMAND: usize = Demand::BODY + SIGNATURE;

/// Places signed orders; all of them must hold.
pub(super) fn relay(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    offers: &[u8],
    demands: &[u8],
) -> Result<Response, ContractError> {
    let offers = unpack::<_, OFFER, { Offer::BODY }>("offers", offers, Offer::decode)?;
    let demands = unpack::<_, DEMAND, { Demand::BODY }>("demands", demands, Demand::decode)?;
    place(storage, context, market, offers, demands)
}

/// Orders of `ITEM` bytes each, the first `BODY` of them the order's, the rest its signature.
fn unpack<T, const ITEM: usize, const BODY: usize>(
    what: &'static str,
    bytes: &[u8],
    decode: impl Fn(&[u8; BODY]) -> T,
) -> Result<Vec<Brought<T>>, ContractError> {
    let wrong = |source| ContractError::Packed { what, source };
    let (items, rest) = bytes.as_chunks::<ITEM>();
    if !rest.is_empty() {
        return Err(wrong(PackedError::Ragged { len: bytes.len(), item: ITEM }));
    }
    if items.len() > MAX_PAGE {
        return Err(wrong(PackedError::TooMany { count: items.len(), most: MAX_PAGE }));
    }
    let brought = items.iter().filter_map(|item| item.split_first_chunk::<BODY>());
    Ok(brought
        .map(|(body, signature)| Brought {
            order: decode(body),
            signature: Some(signature.to_vec()),
        })
        .collect())
}
