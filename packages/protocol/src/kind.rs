//! The five kinds of capability, and what their price is per.

/// A kind of capability that a device may let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[cfg_attr(
    feature = "schema",
    derive(cosmwasm_schema::schemars::JsonSchema, cosmwasm_schema::cw_schema::Schemaifier),
    schemars(crate = "cosmwasm_schema::schemars"),
    schemaifier(crate = "cosmwasm_schema::cw_schema")
)]
#[repr(u8)]
pub enum Kind {
    /// Running somebody's program.
    Compute = 1,
    /// Readings of a sensor.
    Sensor = 2,
    /// Moving bytes through an uplink.
    Bandwidth = 3,
    /// Keeping bytes.
    Storage = 4,
    /// Jobs on special hardware, such as an image unit.
    Hardware = 5,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Compute, Self::Sensor, Self::Bandwidth, Self::Storage, Self::Hardware];

    /// The kind with this number, if there is one.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Compute,
            2 => Self::Sensor,
            3 => Self::Bandwidth,
            4 => Self::Storage,
            5 => Self::Hardware,
            _ => return None,
        })
    }

    /// The name used in market names, topics and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Sensor => "sensor",
            Self::Bandwidth => "bandwidth",
            Self::Storage => "storage",
            Self::Hardware => "hardware",
        }
    }
}

impl core::fmt::Display for Kind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a capability's price is per.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[cfg_attr(
    feature = "schema",
    derive(cosmwasm_schema::schemars::JsonSchema, cosmwasm_schema::cw_schema::Schemaifier),
    schemars(crate = "cosmwasm_schema::schemars"),
    schemaifier(crate = "cosmwasm_schema::cw_schema")
)]
#[repr(u8)]
pub enum PricedPer {
    /// A stretch of time.
    Time = 1,
    /// An amount of data.
    Data = 2,
    /// An operation.
    Operation = 3,
}
