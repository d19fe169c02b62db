//! The auction with a real registry and a real escrow.
#![allow(clippy::arithmetic_side_effects)] // figures in tests are small

#[path = "auction/clearing.rs"]
mod clearing;
#[path = "auction/parties.rs"]
mod parties;
#[path = "auction/placing.rs"]
mod placing;
#[path = "auction/solver.rs"]
mod solver;
#[path = "auction/standings.rs"]
mod standings;
#[path = "auction/suite.rs"]
mod suite;
#[path = "auction/taking.rs"]
mod taking;
