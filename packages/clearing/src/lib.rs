//! A market's book in, fills and class prices out; and the certificate that a clearing is optimal.
//!
//! Pure arithmetic on integers: no contract, no clock, no network. The keeper solves with it and
//! the auction contract verifies with it, so that what they compare exists once. The rules are in
//! `docs/adr/0002-canonical-clearing.md`.
//!
//! # What the auction contract links
//!
//! - [`Market`], [`Class`], [`Vector`], [`Offer`], [`Demand`], [`Fill`]: the frozen book as values.
//!   [`Market::check`] once, when a market is made or changed.
//! - [`cost`]: what a lot of a class costs a buyer beyond its price. Nothing else computes it.
//! - [`verify`] for a book that fits one transaction, [`certificate::Scan`] for one that does not:
//!   `start`, then `demand` for every open demand, then `offer` for every open offer, each in
//!   [`OrderId`](caplet_protocol::OrderId) order, `to_bytes` and `resume` between transactions, and
//!   `finish`. Both end in [`Verified`], whose `prices` are what is charged.
//! - [`paid`]: what one fill pays a lot, given those prices.
//! - [`certificate::Scan::finish_reduced`]: the same, for a market that gives up its marginal trade.
//! - [`single::best`]: the instant lane.
//!
//! # What the keeper links
//!
//! [`solve`] on a [`Book`], [`solve_many`] on several at a time, [`Incremental`] on one that changes a
//! little from clearing to clearing, [`Following`] on whole books of one market after another; [`keep_apart`] where a
//! provider failed a consumer lately or is of the same owner, [`keep_together`] where a standing order had a partner; then [`verify`] before it
//! pays gas for a submission; `json` (feature `serde`) for `caplet clear`.
#![forbid(unsafe_code)]

mod apart;
mod book;
pub mod certificate;
mod class;
mod cost;
#[cfg(feature = "serde")]
pub mod json;
mod market;
mod order;
pub mod prices;
mod reduction;
pub mod single;
mod solve;
mod terms;
mod together;
mod vector;

pub use apart::keep_apart;
pub use book::{Book, BookError};
pub use certificate::{Reject, Verified, verify};
pub use class::{Class, ClassIndex, MAX_CLASSES};
pub use cost::cost;
pub use market::{MAX_FEE_PER_LOT, MAX_TICK_SIZE, Market, MarketError, UNREACHABLE};
pub use order::{Demand, Fill, Offer, paid};
pub use reduction::{Reduction, Trade, trade_reduction};
pub use solve::{Change, ChangeError, Clearing, Following, Incremental, solve, solve_many};
pub use terms::Terms;
pub use together::keep_together;
pub use vector::Vector;
