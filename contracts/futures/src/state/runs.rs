//! A strip as it is stored: its runs, three numbers each.

use caplet_mechanism::strip::{Run, Strip};
use cosmwasm_schema::serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

pub(crate) fn serialize<S: Serializer>(strip: &Strip, to: S) -> Result<S::Ok, S::Error> {
    let runs: Vec<(u16, u16, u32)> =
        strip.runs().iter().map(|run| (run.from, run.to, run.lots)).collect();
    runs.serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Strip, D::Error> {
    let runs = Vec::<(u16, u16, u32)>::deserialize(from)?;
    let runs: Vec<Run> = runs.into_iter().map(|(from, to, lots)| Run { from, to, lots }).collect();
    Strip::from_runs(&runs).ok_or_else(|| D::Error::custom("runs that make no strip"))
}
