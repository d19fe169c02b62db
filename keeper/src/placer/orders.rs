//! Signed orders on their way to the chain.

use super::demands::answer_of;
use crate::store::Store;
use caplet_protocol::{
    DeviceId, LeaseId, MarketId, OrderId,
    layout::{Demand, Offer, Side},
    wire::Ack,
};
use prost::Message as _;
use rusqlite::{OptionalExtension as _, Row, params};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// Kept, to be sent.
    New = 0,
    /// Handed to the outbox.
    Sent = 1,
    /// On the chain.
    Placed = 2,
    /// Refused, overtaken or too late.
    Over = 3,
}

/// The order itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// To sell.
    Offer(Offer),
    /// To buy.
    Demand(Demand),
}

/// An order as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    pub(super) body: Body,
    pub(super) signature: [u8; 64],
    /// Capability of an offer, demand profile of a demand; 0 for none.
    pub(super) reference: u64,
    /// What acknowledged it, for an answer that comes later.
    pub(super) answer: Ack,
    pub(super) state: State,
}

impl Body {
    pub(super) const fn device(&self) -> DeviceId {
        match self {
            Self::Offer(order) => order.device,
            Self::Demand(order) => order.device,
        }
    }

    pub(super) const fn sequence(&self) -> u32 {
        match self {
            Self::Offer(order) => order.sequence,
            Self::Demand(order) => order.sequence,
        }
    }

    pub(super) const fn market(&self) -> MarketId {
        match self {
            Self::Offer(order) => order.market,
            Self::Demand(order) => order.market,
        }
    }

    pub(super) const fn side(&self) -> Side {
        match self {
            Self::Offer(_) => Side::Offer,
            Self::Demand(_) => Side::Demand,
        }
    }

    pub(super) const fn not_after(&self) -> u64 {
        match self {
            Self::Offer(order) => order.not_after,
            Self::Demand(order) => order.not_after,
        }
    }

    /// Lots of both lanes.
    pub(super) fn lots(&self) -> u32 {
        match self {
            Self::Offer(o) => u32::from(o.batch.0).saturating_add(o.instant.0.into()),
            Self::Demand(o) => o.lots.0.into(),
        }
    }

    /// The layout after tag and domain, as calldata carries it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let domain = caplet_protocol::Domain([0; 32]);
        let preimage = match self {
            Self::Offer(order) => order.preimage(&domain).to_vec(),
            Self::Demand(order) => order.preimage(&domain).to_vec(),
        };
        preimage.get(TAG_AND_DOMAIN..).unwrap_or(&[]).to_vec()
    }

    fn read(side: u8, bytes: &[u8]) -> Option<Self> {
        if side == Side::Offer as u8 {
            return Some(Self::Offer(Offer::decode(bytes.try_into().ok()?)));
        }
        (side == Side::Demand as u8)
            .then(|| Some(Self::Demand(Demand::decode(bytes.try_into().ok()?))))?
    }
}

/// Bytes of a layout before its fields.
const TAG_AND_DOMAIN: usize = 48;

const SELECT: &str = "SELECT side, body, signature, reference, answer, state FROM orders";

type Raw = (u8, Vec<u8>, [u8; 64], [u8; 8], Vec<u8>, u8);

fn read(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
}

fn whole((side, body, signature, reference, answer, state): Raw) -> anyhow::Result<Kept> {
    let body = Body::read(side, &body)
        .ok_or_else(|| anyhow::anyhow!("the store holds an order of side {side} that is none"))?;
    let states = [State::New, State::Sent, State::Placed, State::Over];
    Ok(Kept {
        body,
        signature,
        reference: u64::from_be_bytes(reference),
        answer: answer_of(&answer)?,
        state: states.into_iter().find(|s| *s as u8 == state).unwrap_or(State::Over),
    })
}

/// Keeps an order; durable when it returns.
pub(super) fn keep(store: &Store, kept: &Kept) -> anyhow::Result<()> {
    let body = &kept.body;
    store.write(|tx| {
        tx.execute(
            "INSERT INTO orders
                 (device, sequence, side, market, body, signature, reference, answer, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                body.device().0,
                body.sequence(),
                body.side() as u8,
                body.market().0,
                body.bytes(),
                kept.signature,
                kept.reference.to_be_bytes(),
                kept.answer.encode_to_vec(),
                kept.state as u8,
            ],
        )?;
        // what is over is kept as long as a repetition could be told from a new order by it
        tx.execute(
            "DELETE FROM orders WHERE device = ?1 AND state = 3 AND sequence NOT IN
                 (SELECT sequence FROM orders WHERE device = ?1 ORDER BY sequence DESC LIMIT 64)",
            [body.device().0],
        )?;
        Ok(())
    })
}

/// An order of a device by its sequence.
pub(super) fn get(store: &Store, device: DeviceId, sequence: u32) -> anyhow::Result<Option<Kept>> {
    let sql = format!("{SELECT} WHERE device = ?1 AND sequence = ?2");
    let row =
        store.read(|c| c.prepare_cached(&sql)?.query_row([device.0, sequence], read).optional())?;
    row.map(whole).transpose()
}

/// The highest sequence that a device has used here; 0 if none.
pub(super) fn last_sequence(store: &Store, device: DeviceId) -> anyhow::Result<u32> {
    store.read(|c| {
        c.prepare_cached("SELECT ifnull(max(sequence), 0) FROM orders WHERE device = ?1")?
            .query_row([device.0], |row| row.get(0))
    })
}

/// Orders of a state, by device and sequence.
pub(super) fn in_state(store: &Store, state: State) -> anyhow::Result<Vec<Kept>> {
    let sql = format!("{SELECT} WHERE state = ?1 ORDER BY device, sequence");
    let rows: Vec<Raw> =
        store.read(|c| c.prepare_cached(&sql)?.query_map([state as u8], read)?.collect())?;
    rows.into_iter().map(whole).collect()
}

/// Orders of a device, by sequence, that are not over.
pub(super) fn of_device(store: &Store, device: DeviceId) -> anyhow::Result<Vec<Kept>> {
    let sql = format!("{SELECT} WHERE device = ?1 AND state != 3 ORDER BY sequence");
    let rows: Vec<Raw> =
        store.read(|c| c.prepare_cached(&sql)?.query_map([device.0], read)?.collect())?;
    rows.into_iter().map(whole).collect()
}

/// Moves orders to a state, all at once.
pub(super) fn set_state<'a>(
    store: &Store,
    orders: impl IntoIterator<Item = &'a Body>,
    state: State,
) -> anyhow::Result<()> {
    store.write(|tx| {
        for body in orders {
            tx.prepare_cached("UPDATE orders SET state = ?3 WHERE device = ?1 AND sequence = ?2")?
                .execute(params![body.device().0, body.sequence(), state as u8])?;
        }
        Ok(())
    })
}

/// Notes the number an order was placed under.
pub(super) fn placed(store: &Store, body: &Body, number: OrderId) -> anyhow::Result<()> {
    let number = i64::try_from(number.to_u64())?;
    store.write(|tx| {
        tx.execute(
            "UPDATE orders SET state = 2, number = ?3 WHERE device = ?1 AND sequence = ?2",
            params![body.device().0, body.sequence(), number],
        )?;
        Ok(())
    })
}

/// The number an order was placed under, if it is known.
pub(super) fn number(store: &Store, body: &Body) -> anyhow::Result<Option<OrderId>> {
    let number: Option<Option<i64>> = store.read(|c| {
        c.prepare_cached("SELECT number FROM orders WHERE device = ?1 AND sequence = ?2")?
            .query_row([body.device().0, body.sequence()], |row| row.get(0))
            .optional()
    })?;
    Ok(number.flatten().and_then(|n| u64::try_from(n).ok()).and_then(OrderId::from_u64))
}

/// The demand profile behind an order of the demand side; `None` if it is not a local order's.
pub(super) fn demand_behind(
    store: &Store,
    market: MarketId,
    order: OrderId,
) -> anyhow::Result<Option<u64>> {
    let number = i64::try_from(order.to_u64())?;
    let found: Option<[u8; 8]> = store.read(|c| {
        c.prepare_cached(
            "SELECT reference FROM orders WHERE market = ?1 AND side = ?2 AND number = ?3",
        )?
        .query_row(params![market.0, Side::Demand as u8, number], |row| row.get(0))
        .optional()
    })?;
    Ok(found.map(u64::from_be_bytes))
}

/// The signed demand that was placed under a number; `None` if it is not a local one.
pub(super) fn demand_numbered(
    store: &Store,
    market: MarketId,
    order: OrderId,
) -> anyhow::Result<Option<Demand>> {
    let number = i64::try_from(order.to_u64())?;
    let sql = format!("{SELECT} WHERE market = ?1 AND side = ?2 AND number = ?3");
    let row = store.read(|c| {
        c.prepare_cached(&sql)?
            .query_row(params![market.0, Side::Demand as u8, number], read)
            .optional()
    })?;
    demand_in(row)
}

/// The latest signed demand of a device for one of its demand profiles.
pub(super) fn demand_for(
    store: &Store,
    device: DeviceId,
    profile: u64,
) -> anyhow::Result<Option<Demand>> {
    let sql = format!(
        "{SELECT} WHERE device = ?1 AND side = ?2 AND reference = ?3 ORDER BY sequence DESC LIMIT 1"
    );
    let key = params![device.0, Side::Demand as u8, profile.to_be_bytes()];
    demand_in(store.read(|c| c.prepare_cached(&sql)?.query_row(key, read).optional())?)
}

fn demand_in(row: Option<Raw>) -> anyhow::Result<Option<Demand>> {
    Ok(match row.map(whole).transpose()? {
        Some(Kept { body: Body::Demand(demand), .. }) => Some(demand),
        _ => None,
    })
}

/// Notes which demand profile a lease of the instant lane fills.
pub(super) fn taken(store: &Store, leases: &[u64], demand: u64) -> anyhow::Result<()> {
    store.write(|tx| {
        for lease in leases {
            tx.execute(
                "INSERT INTO taken (lease, demand) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![lease.to_be_bytes(), demand.to_be_bytes()],
            )?;
        }
        Ok(())
    })
}

/// The demand profile that a lease of the instant lane fills, if it was taken here.
pub(super) fn taken_by(store: &Store, lease: LeaseId) -> anyhow::Result<Option<u64>> {
    let found: Option<[u8; 8]> = store.read(|c| {
        c.prepare_cached("SELECT demand FROM taken WHERE lease = ?1")?
            .query_row([lease.0.to_be_bytes()], |row| row.get(0))
            .optional()
    })?;
    Ok(found.map(u64::from_be_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::{Lots, layout::OrderFlags};

    fn demand(sequence: u32) -> Kept {
        let order = Demand {
            device: DeviceId(7),
            sequence,
            market: MarketId(2),
            latency: 1,
            throughput: 2,
            accuracy: 0,
            reliability: 1,
            flags: OrderFlags(4),
            tags: 3,
            rho: 9,
            lambda: 8,
            limit: 1_000,
            lots: Lots(2),
            not_after: 5_000,
            relay_fee: 0,
        };
        Kept {
            body: Body::Demand(order),
            signature: [5; 64],
            reference: u64::MAX,
            answer: Ack { sequence: 11, ..Ack::default() },
            state: State::New,
        }
    }

    #[test]
    fn an_order_comes_back_as_it_was_and_moves_on() {
        let store = Store::in_memory(&[crate::placer::TABLES]).unwrap();
        for sequence in [2, 1] {
            keep(&store, &demand(sequence)).unwrap();
        }
        assert_eq!(in_state(&store, State::New).unwrap(), vec![demand(1), demand(2)]);
        assert_eq!(last_sequence(&store, DeviceId(7)).unwrap(), 2);
        let first = demand(1).body;
        set_state(&store, [&first], State::Sent).unwrap();
        assert_eq!(in_state(&store, State::New).unwrap(), vec![demand(2)]);
        let number_given = OrderId { page: 3, slot: 4 };
        placed(&store, &first, number_given).unwrap();
        assert_eq!(number(&store, &first).unwrap(), Some(number_given));
        assert_eq!(demand_behind(&store, MarketId(2), number_given).unwrap(), Some(u64::MAX));
        assert_eq!(demand_behind(&store, MarketId(1), number_given).unwrap(), None);
        assert_eq!(get(&store, DeviceId(7), 1).unwrap().unwrap().state, State::Placed);
        assert!(keep(&store, &demand(1)).is_err(), "a sequence is used once");
    }

    #[test]
    fn a_lease_of_the_instant_lane_is_traced_to_its_demand() {
        let store = Store::in_memory(&[crate::placer::TABLES]).unwrap();
        taken(&store, &[4, u64::MAX], 99).unwrap();
        assert_eq!(taken_by(&store, LeaseId(u64::MAX)).unwrap(), Some(99));
        assert_eq!(taken_by(&store, LeaseId(5)).unwrap(), None);
    }
}
