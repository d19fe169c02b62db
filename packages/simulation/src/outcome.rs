//! What a simulation shows.

use crate::{Chart, PlotError, Table, svg};
use serde::Serialize;

/// Tables and charts of a simulation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Of the simulation; the name of its plot's file.
    pub name: String,
    /// What it started from.
    pub seed: u64,
    /// What came out.
    pub tables: Vec<Table>,
    /// How it went.
    pub charts: Vec<Chart>,
}

impl Outcome {
    /// All charts in one picture.
    ///
    /// # Errors
    /// When a chart has nothing to show.
    pub fn svg(&self) -> Result<String, PlotError> {
        svg(&self.charts)
    }
}
