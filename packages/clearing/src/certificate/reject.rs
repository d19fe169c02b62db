//! Why a clearing is refused.

use crate::{ClassIndex, MarketError};
use caplet_protocol::{OrderId, VectorId};

/// An order whose treatment leaves welfare on the table at the witness prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Slack {
    /// An offer whose class is priced above its ask keeps lots.
    #[error("offer {offer} asks {ask}, its class is worth {price}, and {left} lots are unsold")]
    Unsold {
        /// The offer.
        offer: OrderId,
        /// Its ask.
        ask: u64,
        /// The witness price.
        price: u64,
        /// Unsold lots.
        left: u64,
    },
    /// A demand that could be served within its limit keeps lots.
    #[error("demand {demand} bears {limit}, is served at {best}, and {left} lots are unfilled")]
    Unfilled {
        /// The demand.
        demand: OrderId,
        /// Its limit.
        limit: u64,
        /// Least price with cost.
        best: u64,
        /// Unfilled lots.
        left: u64,
    },
    /// A fill from a class that is not the cheapest for its demand.
    #[error("demand {demand} bears {bears} at offer {offer}, the cheapest class is at {best}")]
    Dearer {
        /// The offer.
        offer: OrderId,
        /// The demand.
        demand: OrderId,
        /// Price with cost at this offer.
        bears: u64,
        /// Least price with cost.
        best: u64,
    },
}

/// The first thing wrong with a clearing. Money is in base units a lot unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// The market's terms are out of range.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// More fills than can be numbered.
    #[error("{0} fills in one clearing, at most {max} fit: clear a smaller book", max = u32::MAX)]
    TooMany(usize),
    /// Fills are not strictly ascending by (offer, demand): one is out of order, or twice there.
    #[error(
        "fill ({offer}, {demand}) is not after the fill before it: sort fills and merge equals"
    )]
    FillsUnsorted {
        /// Offer of the later fill.
        offer: OrderId,
        /// Its demand.
        demand: OrderId,
    },
    /// A fill of no lots.
    #[error("fill ({offer}, {demand}) is of 0 lots: leave it out")]
    Empty {
        /// The offer.
        offer: OrderId,
        /// The demand.
        demand: OrderId,
    },
    /// The book was not fed in ascending id. The caller's fault, not the clearing's.
    #[error("order {order} was scanned after {previous}: scan in ascending id")]
    BookUnsorted {
        /// The order before.
        previous: OrderId,
        /// The order.
        order: OrderId,
    },
    /// A demand was fed after the first offer. The caller's fault, not the clearing's.
    #[error("demand {0} was scanned after the first offer: scan all demands first")]
    DemandTooLate(OrderId),
    /// An offer of a class that is not there. The caller's fault, not the clearing's.
    #[error("offer {offer} is of class {class}, which is not live: mend the book")]
    NoClass {
        /// The offer.
        offer: OrderId,
        /// Its class.
        class: ClassIndex,
    },
    /// A demand with a vector that is not there. The caller's fault, not the clearing's.
    #[error("demand {demand} has vector {vector}, which does not exist: mend the book")]
    NoVector {
        /// The demand.
        demand: OrderId,
        /// Its vector.
        vector: VectorId,
    },
    /// A fill of an offer that is not open in this epoch.
    #[error("fill ({offer}, {demand}): offer {offer} is not open in the frozen book: leave it out")]
    UnknownOffer {
        /// The offer.
        offer: OrderId,
        /// The demand.
        demand: OrderId,
    },
    /// A fill of a demand that is not open in this epoch.
    #[error(
        "fill ({offer}, {demand}): demand {demand} is not open in the frozen book: leave it out"
    )]
    UnknownDemand {
        /// The offer.
        offer: OrderId,
        /// The demand.
        demand: OrderId,
    },
    /// The witness has no price for a class that has offers.
    #[error("class {class} has no price, but offer {offer} is open in it: give one")]
    NoPrice {
        /// The class.
        class: ClassIndex,
        /// One of its offers.
        offer: OrderId,
    },
    /// A fill whose offer does not meet its demand's requirements.
    #[error(
        "fill ({offer}, {demand}): class {class} does not meet requirement vector {vector}: pair others"
    )]
    Incompatible {
        /// The offer.
        offer: OrderId,
        /// The demand.
        demand: OrderId,
        /// The offer's class.
        class: ClassIndex,
        /// The demand's vector.
        vector: VectorId,
    },
    /// More is taken of an offer than is left.
    #[error("offer {offer}: {filled} lots filled, {lots} are left: lower the fills")]
    Oversold {
        /// The offer.
        offer: OrderId,
        /// Lots in fills.
        filled: u64,
        /// Lots that are left.
        lots: u64,
    },
    /// More is given to a demand than it wants.
    #[error("demand {demand}: {filled} lots filled, {lots} are wanted: lower the fills")]
    Overfilled {
        /// The demand.
        demand: OrderId,
        /// Lots in fills.
        filled: u64,
        /// Lots wanted.
        lots: u64,
    },
    /// An all-or-nothing demand is filled in part.
    #[error("demand {demand} takes all {lots} lots or none, {filled} are filled: fill all or none")]
    Split {
        /// The demand.
        demand: OrderId,
        /// Lots in fills.
        filled: u64,
        /// Lots wanted.
        lots: u64,
    },
    /// A fill below the offer's ask.
    #[error("offer {offer} asks {ask}, its class is paid {paid}: leave it out or raise the price")]
    BelowAsk {
        /// The offer.
        offer: OrderId,
        /// Its ask.
        ask: u64,
        /// The price of its class.
        paid: u64,
    },
    /// A fill above the demand's limit.
    #[error(
        "fill ({offer}, {demand}): price {paid} and cost {cost} are above the limit {limit}: leave it out"
    )]
    AboveLimit {
        /// The offer.
        offer: OrderId,
        /// The demand.
        demand: OrderId,
        /// What the provider is paid.
        paid: u64,
        /// Cost of the class to the demand.
        cost: u64,
        /// The demand's limit.
        limit: u64,
    },
    /// A fill of an offer behind the unfilled rest of an older one in its bucket.
    #[error(
        "offer {offer} is filled before the rest of the older {older} at one ask: fill that first"
    )]
    OfferJumped {
        /// The older offer.
        older: OrderId,
        /// The offer filled.
        offer: OrderId,
    },
    /// A fill of a demand behind the unfilled rest of an older one in its bucket.
    #[error(
        "demand {demand} is filled before the rest of the older {older} at one limit: fill that first"
    )]
    DemandJumped {
        /// The older demand.
        older: OrderId,
        /// The demand filled.
        demand: OrderId,
    },
    /// Not optimal, or not at these prices. Base units in all.
    #[error(
        "welfare is {welfare}, the bound at the witness prices is {bound}: solve to the optimum{because}",
        because = slack.map(|s| format!("; {s}")).unwrap_or_default()
    )]
    Gap {
        /// Welfare of the fills.
        welfare: i128,
        /// D(pi).
        bound: i128,
        /// The first order that shows it.
        slack: Option<Slack>,
    },
    /// A clearing above its own bound, or without prices that support it: cannot be, so nothing is
    /// believed; the market stays open.
    #[error("welfare {welfare} and bound {bound} contradict each other: report this book")]
    Contradiction {
        /// Welfare of the fills.
        welfare: i128,
        /// D(pi).
        bound: i128,
    },
    /// Trade reduction in a market of several classes.
    #[error(
        "{0} classes have offers, a market that reduces trade clears one: offer in one class, or make a market for each"
    )]
    Classes(usize),
    /// A sum left 128 bits.
    #[error("a sum leaves 128 bits at order {0}: report this book")]
    Overflow(OrderId),
}
