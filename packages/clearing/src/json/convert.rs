//! Between a book and its file.

use super::{
    BookFile, ClassEntry, DemandEntry, FormatError, MarketEntry, Money, OfferEntry, VectorEntry,
};
use crate::{Book, Class, ClassIndex, Demand, MAX_CLASSES, Market, Offer, UNREACHABLE, Vector};
use caplet_protocol::{CellId, DeviceId, Lots, OrderId, Tick, VectorId};

impl TryFrom<&BookFile> for Book {
    type Error = FormatError;

    fn try_from(file: &BookFile) -> Result<Self, FormatError> {
        let market = market(&file.market);
        let offers = file.offers.iter().map(|o| offer(o, market.tick_size));
        let demands = file.demands.iter().map(|d| demand(d, market.tick_size));
        Ok(Self {
            offers: offers.collect::<Result<_, _>>()?,
            demands: demands.collect::<Result<_, _>>()?,
            classes: classes(&file.classes)?,
            vectors: file.vectors.iter().map(vector).collect(),
            market,
        })
    }
}

fn market(m: &MarketEntry) -> Market {
    let row = |row: &Vec<Option<u16>>| row.iter().map(|ms| ms.unwrap_or(UNREACHABLE)).collect();
    Market {
        tick_size: m.tick_size.0,
        fee_per_lot: m.fee_per_lot.0,
        reliability_bps: m.reliability_bps.clone(),
        latency_ms: m.latency_ms.iter().map(row).collect(),
    }
}

fn classes(entries: &[ClassEntry]) -> Result<Vec<Option<Class>>, FormatError> {
    let mut classes = Vec::new();
    for c in entries {
        let at = usize::from(c.slot);
        if at >= MAX_CLASSES {
            return Err(FormatError::Slot(c.slot));
        }
        classes.resize(classes.len().max(at.saturating_add(1)), None);
        let class = Class {
            cell: CellId(c.cell),
            latency: c.latency,
            throughput: c.throughput,
            accuracy: c.accuracy,
            reliability: c.reliability,
            tags: c.tags,
            attested: c.attested,
        };
        if classes[at].replace(class).is_some() {
            return Err(FormatError::SlotTwice(c.slot));
        }
    }
    Ok(classes)
}

fn vector(v: &VectorEntry) -> Vector {
    Vector {
        cell: CellId(v.cell),
        latency: v.latency,
        throughput: v.throughput,
        accuracy: v.accuracy,
        reliability: v.reliability,
        tags: v.tags,
        attested: v.attested,
        rho: v.rho,
        lambda: v.lambda,
    }
}

fn offer(o: &OfferEntry, tick: u64) -> Result<Offer, FormatError> {
    Ok(Offer {
        id: OrderId::from_u64(o.id).ok_or(FormatError::Id(o.id))?,
        device: DeviceId(o.device),
        class: ClassIndex(o.class),
        ask: ticks(o.id, o.ask.0, tick)?,
        lots: Lots(o.lots),
    })
}

fn demand(d: &DemandEntry, tick: u64) -> Result<Demand, FormatError> {
    Ok(Demand {
        id: OrderId::from_u64(d.id).ok_or(FormatError::Id(d.id))?,
        device: DeviceId(d.device),
        vector: VectorId(d.vector),
        limit: ticks(d.id, d.limit.0, tick)?,
        lots: Lots(d.lots),
        all_or_nothing: d.all_or_nothing,
    })
}

fn ticks(id: u64, price: u64, tick: u64) -> Result<Tick, FormatError> {
    let whole = price.checked_rem(tick) == Some(0);
    let ticks = price.checked_div(tick).filter(|_| whole).and_then(|t| u16::try_from(t).ok());
    ticks.map(Tick).ok_or(FormatError::Price { id, price, tick })
}

impl From<&Book> for BookFile {
    fn from(book: &Book) -> Self {
        let m = &book.market;
        let row =
            |row: &Vec<u16>| row.iter().map(|&ms| (ms != UNREACHABLE).then_some(ms)).collect();
        let market = MarketEntry {
            tick_size: Money(m.tick_size),
            fee_per_lot: Money(m.fee_per_lot),
            reliability_bps: m.reliability_bps.clone(),
            latency_ms: m.latency_ms.iter().map(row).collect(),
        };
        Self {
            market,
            classes: book.terms().live().map(|(slot, c)| class_entry(slot, c)).collect(),
            vectors: book.vectors.iter().map(vector_entry).collect(),
            offers: book.offers.iter().map(|o| offer_entry(m, o)).collect(),
            demands: book.demands.iter().map(|d| demand_entry(m, d)).collect(),
        }
    }
}

fn class_entry(slot: ClassIndex, c: &Class) -> ClassEntry {
    ClassEntry {
        slot: slot.0,
        cell: c.cell.0,
        latency: c.latency,
        throughput: c.throughput,
        accuracy: c.accuracy,
        reliability: c.reliability,
        tags: c.tags,
        attested: c.attested,
    }
}

fn vector_entry(v: &Vector) -> VectorEntry {
    VectorEntry {
        cell: v.cell.0,
        latency: v.latency,
        throughput: v.throughput,
        accuracy: v.accuracy,
        reliability: v.reliability,
        tags: v.tags,
        attested: v.attested,
        rho: v.rho,
        lambda: v.lambda,
    }
}

fn offer_entry(market: &Market, o: &Offer) -> OfferEntry {
    OfferEntry {
        id: o.id.to_u64(),
        device: o.device.0,
        class: o.class.0,
        ask: Money(market.price(o.ask)),
        lots: o.lots.0,
    }
}

fn demand_entry(market: &Market, d: &Demand) -> DemandEntry {
    DemandEntry {
        id: d.id.to_u64(),
        device: d.device.0,
        vector: d.vector.0,
        limit: Money(market.price(d.limit)),
        lots: d.lots.0,
        all_or_nothing: d.all_or_nothing,
    }
}
