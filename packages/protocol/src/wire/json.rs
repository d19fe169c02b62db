//! How messages look in JSON, after the protobuf JSON mapping: names in camelCase, 64-bit numbers as
//! text (a reader with floating-point numbers would round them), enums by name, what is zero or empty
//! left out. Bytes are hex, as everywhere else in Caplet, and a oneof keeps a name of its own.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt::Display, marker::PhantomData, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A 64-bit number as decimal text.
pub(crate) struct Whole<T>(PhantomData<T>);

impl<T: Display + FromStr<Err: Display>> Whole<T> {
    pub(crate) fn serialize<S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Bytes as hex.
pub(crate) struct Hex;

impl Hex {
    pub(crate) fn serialize<S: Serializer>(value: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(|error| D::Error::custom(error.to_string()))
    }
}

/// An enum by the name of its value in the `.proto` file, or by its number if this version has none.
pub(crate) struct Name<T>(PhantomData<T>);

/// What [`Name`] needs of an enum.
pub(crate) trait Named: TryFrom<i32> + Into<i32> {
    fn name(&self) -> &'static str;
    fn named(name: &str) -> Option<Self>;
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NameOrNumber {
    Number(i32),
    Name(String),
}

impl<T: Named> Name<T> {
    pub(crate) fn serialize<S: Serializer>(value: &i32, to: S) -> Result<S::Ok, S::Error> {
        match T::try_from(*value) {
            Ok(known) => to.serialize_str(known.name()),
            Err(_) => to.serialize_i32(*value),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i32, D::Error> {
        match NameOrNumber::deserialize(from)? {
            NameOrNumber::Number(number) => Ok(number),
            NameOrNumber::Name(name) => T::named(&name)
                .map(Into::into)
                .ok_or_else(|| D::Error::custom(alloc::format!("no value is named {name}"))),
        }
    }
}

/// A list of numbers as text.
pub(crate) struct List<T>(PhantomData<T>);

impl List<Whole<u64>> {
    pub(crate) fn serialize<S: Serializer>(values: &[u64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(u64::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u64>, D::Error> {
        Vec::<String>::deserialize(from)?
            .iter()
            .map(|text| text.parse().map_err(D::Error::custom))
            .collect()
    }
}

macro_rules! named {
    ($($name:ident)*) => {$(
        impl Named for super::$name {
            fn name(&self) -> &'static str {
                self.as_str_name()
            }

            fn named(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
        }
    )*};
}

named! {
    BodyKind CapabilityKind ContractRole HoldReason LanePreference LeaseState PauseReason PricedPer RefusalCode
    Role SessionEnd Side
}
