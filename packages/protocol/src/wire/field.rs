//! From the wire's wide fields to the narrow ones of a layout, each refusal naming the field.

use crate::layout::PublicKey;
use alloc::vec::Vec;

/// A field of a message that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}.{field} {problem}")]
pub struct FieldError {
    /// Full name of the message.
    pub message: &'static str,
    /// Name of the field in the `.proto` file.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not there.
    #[error("is missing: send it")]
    Missing,
    /// Above its range.
    #[error("is {found}, at most {most} fits: lower it")]
    TooLarge {
        /// The value.
        found: u64,
        /// The greatest that fits.
        most: u64,
    },
    /// Below its range.
    #[error("is {found}, at least {least} is needed: raise it")]
    TooSmall {
        /// The value.
        found: u64,
        /// The least that fits.
        least: u64,
    },
    /// Bytes or text of a wrong length.
    #[error("has {found} bytes, {wanted} are wanted")]
    Length {
        /// Its length.
        found: usize,
        /// The length that fits.
        wanted: usize,
    },
    /// Bytes, text or a list past its limit.
    #[error("has a length of {found}, at most {most} is taken: shorten it")]
    TooLong {
        /// Its length.
        found: usize,
        /// The greatest length taken.
        most: usize,
    },
    /// A number with no meaning here.
    #[error("is {found}, which has no meaning in this version: send a listed value")]
    Unknown {
        /// The number.
        found: i64,
    },
    /// Public key bytes that are none.
    #[error(
        "is no key: send scheme (1 ed25519, 2 secp256k1, 3 secp256r1), key and zero padding in 34 bytes"
    )]
    NoKey,
    /// The fields of a hash chain contradict each other.
    #[error("contradicts the chain fields: all zero, or 1 to 1024 links worth at least 1 each")]
    Chain,
    /// The same value twice where each may come once.
    #[error("is {found} twice: number each once")]
    Repeated {
        /// The value.
        found: u64,
    },
    /// It does not belong to the kind of capability that holds it.
    #[error("is not of the capability's kind: send the detail of that kind")]
    OtherKind,
}

/// The message whose fields are being read.
#[derive(Clone, Copy)]
pub(crate) struct In(pub(crate) &'static str);

impl In {
    pub(crate) const fn fail(self, field: &'static str, problem: Problem) -> FieldError {
        FieldError { message: self.0, field, problem }
    }

    pub(crate) fn present<T>(self, field: &'static str, value: Option<T>) -> Result<T, FieldError> {
        value.ok_or(self.fail(field, Problem::Missing))
    }

    pub(crate) fn u8(self, field: &'static str, value: u32) -> Result<u8, FieldError> {
        u8::try_from(value).map_err(|_| self.too_large(field, value, u8::MAX.into()))
    }

    pub(crate) fn u16(self, field: &'static str, value: u32) -> Result<u16, FieldError> {
        u16::try_from(value).map_err(|_| self.too_large(field, value, u16::MAX.into()))
    }

    fn too_large(self, field: &'static str, value: u32, most: u64) -> FieldError {
        self.fail(field, Problem::TooLarge { found: value.into(), most })
    }

    pub(crate) fn at_most(
        self,
        field: &'static str,
        found: u64,
        most: u64,
    ) -> Result<(), FieldError> {
        if found > most { Err(self.fail(field, Problem::TooLarge { found, most })) } else { Ok(()) }
    }

    pub(crate) fn at_least(
        self,
        field: &'static str,
        found: u64,
        least: u64,
    ) -> Result<(), FieldError> {
        if found < least {
            Err(self.fail(field, Problem::TooSmall { found, least }))
        } else {
            Ok(())
        }
    }

    pub(crate) fn short(
        self,
        field: &'static str,
        found: usize,
        most: usize,
    ) -> Result<(), FieldError> {
        if found > most { Err(self.fail(field, Problem::TooLong { found, most })) } else { Ok(()) }
    }

    pub(crate) fn bytes<const N: usize>(
        self,
        field: &'static str,
        value: &[u8],
    ) -> Result<[u8; N], FieldError> {
        value
            .try_into()
            .map_err(|_| self.fail(field, Problem::Length { found: value.len(), wanted: N }))
    }

    /// Empty stands for zero: most vouchers carry no chain and no evidence.
    pub(crate) fn bytes_or_zero<const N: usize>(
        self,
        field: &'static str,
        value: &[u8],
    ) -> Result<[u8; N], FieldError> {
        if value.is_empty() { Ok([0; N]) } else { self.bytes(field, value) }
    }

    /// Big-endian bytes, at most 16.
    pub(crate) fn amount(self, field: &'static str, value: &[u8]) -> Result<u128, FieldError> {
        self.short(field, value.len(), 16)?;
        Ok(value.iter().fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte)))
    }

    pub(crate) fn key(self, field: &'static str, value: &[u8]) -> Result<PublicKey, FieldError> {
        PublicKey::decode(value).ok_or(self.fail(field, Problem::NoKey))
    }
}

/// An amount as the wire carries it: big-endian, leading zeros left out.
#[must_use]
pub fn amount_bytes(amount: u128) -> Vec<u8> {
    amount.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

/// The amount of such bytes, `None` past 16 of them.
#[must_use]
pub fn amount_of(bytes: &[u8]) -> Option<u128> {
    In("").amount("", bytes).ok()
}

/// Empty for zero, as [`In::bytes_or_zero`] reads it.
pub(crate) fn empty_if_zero<const N: usize>(bytes: [u8; N]) -> Vec<u8> {
    if bytes == [0; N] { Vec::new() } else { bytes.into() }
}
