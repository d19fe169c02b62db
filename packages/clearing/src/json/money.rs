//! Amounts as decimal strings, since a JSON number loses digits in many readers.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident($inner:ty), $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let value = text.parse().map(Self).ok();
                // one spelling only: no sign, no leading zero that parsing would forgive
                value.filter(|v| v.0.to_string() == text).ok_or_else(|| {
                    D::Error::custom(format_args!(
                        "{text:?} is not {}: write it as a decimal string, such as \"1500\"", $what
                    ))
                })
            }
        }
    };
}

decimal!(
    /// Base units, as a decimal string.
    Money(u64),
    "an amount of 0 to 18446744073709551615 base units"
);
decimal!(
    /// A sum of base units over a whole book, as a decimal string; may be negative.
    Sum(i128),
    "a sum of base units"
);
