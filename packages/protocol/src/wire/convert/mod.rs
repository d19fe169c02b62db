//! Between messages and the fixed layouts that keys sign, range-checked; an error names the field.

mod identity;
mod kind;
mod money;
mod order;
mod profile;
mod qos;
mod session;

pub use profile::ProfileError;

/// A message of one layout and a signature, both ways.
macro_rules! signed {
    ($($message:ident { $field:ident } = $layout:ident;)*) => {$(
        impl TryFrom<&$crate::wire::$message> for $crate::wire::Signed<$crate::layout::$layout> {
            type Error = $crate::wire::FieldError;

            fn try_from(from: &$crate::wire::$message) -> Result<Self, Self::Error> {
                let at = $crate::wire::field::In(<$crate::wire::$message as $crate::wire::Schema>::NAME);
                Ok(Self {
                    layout: at.present(stringify!($field), from.$field.as_ref())?.try_into()?,
                    signature: at.bytes("signature", &from.signature)?,
                })
            }
        }

        impl From<$crate::wire::Signed<$crate::layout::$layout>> for $crate::wire::$message {
            fn from(from: $crate::wire::Signed<$crate::layout::$layout>) -> Self {
                #[allow(clippy::needless_update, reason = "some have fields beside these two")]
                Self {
                    $field: Some((&from.layout).into()),
                    signature: from.signature.into(),
                    ..Self::default()
                }
            }
        }
    )*};
}
pub(crate) use signed;
