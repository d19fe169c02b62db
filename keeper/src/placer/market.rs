//! Markets as devices name them: kind, resource, unit, what is paid.

use crate::book::Books;
use crate::bridge::Refuse;
use caplet_api::auction::MarketConfig;
use caplet_protocol::{
    Kind, MarketId,
    wire::{CapabilityKind, Cost, RefusalCode as Code, cost::Asset},
};

/// A market, and its asset by the name that profiles use.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub(super) id: MarketId,
    pub(super) config: MarketConfig,
    /// Denomination or token address.
    pub(super) asset: String,
}

/// Markets named in a refusal, at most.
const NAMED: usize = 16;

/// Every market whose asset is known.
pub(super) fn all(books: &Books) -> Vec<Market> {
    let markets = books.markets().into_iter();
    markets
        .filter_map(|market| {
            let asset = books.sheet(market.market)?.denom;
            Some(Market { id: market.market, config: market.config, asset })
        })
        .collect()
}

/// What a capability or a demand is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) kind: i32,
    pub(super) resource: &'a str,
    pub(super) unit: &'a str,
    pub(super) price: Option<&'a Cost>,
}

impl Subject<'_> {
    fn kind(&self) -> Option<Kind> {
        CapabilityKind::try_from(self.kind).ok().and_then(CapabilityKind::known)
    }

    fn asset(&self) -> &str {
        match self.price.and_then(|price| price.asset.as_ref()) {
            Some(Asset::Denom(name) | Asset::Cw20(name)) => name,
            None => "",
        }
    }

    fn fits(&self, market: &Market) -> bool {
        Some(market.config.kind) == self.kind()
            && market.config.resource == self.resource
            && market.config.unit == self.unit
            && market.asset == self.asset()
    }

    fn text(&self) -> String {
        let kind = self.kind().map_or("?", Kind::name);
        format!("{kind}/{} by the {} in {}", self.resource, self.unit, self.asset())
    }
}

/// The markets for a subject, by number.
///
/// # Errors
/// [`Refuse`] that names what there is: no market is read yet, or none fits.
pub(super) fn fitting(markets: Vec<Market>, subject: Subject<'_>) -> Result<Vec<Market>, Refuse> {
    if markets.is_empty() {
        return Err(Refuse::unavailable("this gateway has not read the markets yet"));
    }
    let names: Vec<String> = markets.iter().take(NAMED).map(name).collect();
    let fitting: Vec<Market> = markets.into_iter().filter(|m| subject.fits(m)).collect();
    if fitting.is_empty() {
        return Err(Refuse::new(
            Code::UnknownMarket,
            format!("there is no market for {}", subject.text()),
            format!("name one of: {}", names.join(", ")),
        ));
    }
    Ok(fitting)
}

fn name(market: &Market) -> String {
    let config = &market.config;
    format!("{}/{} by the {} in {}", config.kind, config.resource, config.unit, market.asset)
}
