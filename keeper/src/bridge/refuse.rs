//! Why a message is not taken, in words for people and a code for programs.

use crate::outbox::OutboxError;
use caplet_protocol::wire::{
    BodyError, BodyKind, DocumentError, EnvelopeError, FieldError, ProfileError, Refusal,
    RefusalCode,
};

/// A message that is refused: nothing of it has effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {remedy}")]
pub struct Refuse {
    /// Why, for programs.
    pub code: RefusalCode,
    /// What was wrong, both sides named.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Refuse {
    /// A refusal.
    pub fn new(code: RefusalCode, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, what: what.into(), remedy: remedy.into() }
    }

    /// From an error that says what is wrong and, after a colon, what to do.
    pub fn told(code: RefusalCode, error: &impl std::fmt::Display, otherwise: &str) -> Self {
        let words = error.to_string();
        match words.rsplit_once(": ") {
            Some((what, remedy)) => Self::new(code, what, remedy),
            None => Self::new(code, words, otherwise),
        }
    }

    /// The gateway cannot do it now; the device tries again later.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(RefusalCode::Unavailable, what, "send it again later")
    }

    /// The chain's words, and the code that fits them best.
    pub fn chain(log: &str) -> Self {
        let log = contract_words(log);
        let code = CHAIN_WORDS
            .iter()
            .find(|(words, _)| words.iter().all(|word| log.contains(word)))
            .map_or(RefusalCode::Chain, |(_, code)| *code);
        Self::told(code, &log, "mend it and sign anew")
    }

    /// A submission that brought no result.
    pub fn outbox(error: &OutboxError) -> Self {
        match error {
            OutboxError::Failed { log } => Self::chain(log),
            _ => Self::unavailable(error.to_string()),
        }
    }

    /// The message that says so; `boot` and `sequence` are those of the message refused.
    pub fn to_wire(&self, kind: BodyKind, boot: u64, sequence: u64) -> Refusal {
        Refusal {
            code: self.code.into(),
            what: self.what.clone(),
            remedy: self.remedy.clone(),
            kind: kind.into(),
            boot,
            sequence,
        }
    }

    /// The gateway's own failure: logged in full where it happened, told in general.
    pub fn internal(error: &anyhow::Error) -> Self {
        crate::observe::intake_failed(error);
        Self::unavailable("the gateway could not store the message")
    }
}

/// How contracts say things that devices have a code for.
const CHAIN_WORDS: &[(&[&str], RefusalCode)] = &[
    (&["is suspended"], RefusalCode::Suspended),
    (&["is frozen"], RefusalCode::Suspended),
    (&["is retired"], RefusalCode::Suspended),
    (&["is not active"], RefusalCode::Suspended),
    (&["its sequence is", "last was"], RefusalCode::Replay),
    (&["does not follow"], RefusalCode::Replay),
    (&["is left of what its owner allowed its key"], RefusalCode::Funds),
    (&["its owner's account", "free"], RefusalCode::Funds),
    (&["are left in its instant lane"], RefusalCode::Capacity),
    (&["above the limit"], RefusalCode::Price),
];

/// A contract's own words out of what a chain wraps around them.
fn contract_words(log: &str) -> &str {
    // the embedded chain: one block of text a level of calls, the contract's own comes last
    let inner = log.rsplit_once("kind: Other, error: ").map_or(log, |(_, inner)| inner);
    // wasmd: levels before, what failed behind
    let inner = inner.rsplit_once("submessages: ").map_or(inner, |(_, inner)| inner);
    let inner = match inner.split_once("message index: ") {
        Some((_, rest)) => rest.split_once(": ").map_or(inner, |(_, inner)| inner),
        None => inner,
    };
    inner.split(": execute wasm contract failed").next().unwrap_or(inner).trim()
}

impl From<EnvelopeError> for Refuse {
    fn from(error: EnvelopeError) -> Self {
        use EnvelopeError as E;
        let (code, otherwise) = match &error {
            E::Oversized { .. } => (RefusalCode::Oversized, "send a smaller body"),
            E::Malformed(_) => (RefusalCode::Malformed, "send one caplet.v1.Envelope, uncut"),
            E::Field(_) => (RefusalCode::OutOfRange, "mend the field"),
            E::Version { .. } => (RefusalCode::Unsupported, "update the older side"),
            E::WrongDevice { .. } => {
                (RefusalCode::BadSignature, "publish on the topics of the device that signs")
            }
            E::WrongKey { .. } => (RefusalCode::BadSignature, "sign with the registered key"),
            E::BadSignature => (
                RefusalCode::BadSignature,
                "sign the raw bytes under the domain of the registry that the enrolment names",
            ),
        };
        match &error {
            // its words have a colon, but no remedy after it
            E::BadSignature | E::Malformed(_) => Self::new(code, error.to_string(), otherwise),
            _ => Self::told(code, &error, otherwise),
        }
    }
}

impl From<FieldError> for Refuse {
    fn from(error: FieldError) -> Self {
        Self::told(RefusalCode::OutOfRange, &error, "mend the field")
    }
}

impl From<DocumentError> for Refuse {
    fn from(error: DocumentError) -> Self {
        match &error {
            DocumentError::Oversized { .. } | DocumentError::TooManyFields { .. } => {
                Self::told(RefusalCode::Oversized, &error, "send less")
            }
            DocumentError::Cut { .. } => {
                Self::told(RefusalCode::Malformed, &error, "send one protobuf message, uncut")
            }
            DocumentError::Malformed { name, .. } => {
                let remedy = format!("send one {name} in protobuf");
                Self::new(RefusalCode::Malformed, error.to_string(), remedy)
            }
        }
    }
}

impl From<BodyError> for Refuse {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Document(error) => error.into(),
            BodyError::Kind { .. } => Self::told(
                RefusalCode::Malformed,
                &error,
                "name the kind of the body in the header",
            ),
        }
    }
}

impl From<ProfileError> for Refuse {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Document(error) => error.into(),
            ProfileError::Field(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contracts_words_are_found_in_what_both_kinds_of_chain_say() {
        let embedded = "the transaction would fail: kind: Other, error: Error executing WasmMsg:\n  sender: wasm1\n  Execute {}\nkind: Other, error: device 2 asks to commit 1020 of asset 1, 0 is left of what its owner allowed its key: raise it with authorise";
        let wasmd = "failed to execute message; message index: 0: dispatch: submessages: device 2 asks to commit 1020 of asset 1, 0 is left of what its owner allowed its key: raise it with authorise: execute wasm contract failed [CosmWasm/wasmd]";
        let direct = "failed to execute message; message index: 3: device 9 is suspended for its reputation: have it reinstated first: execute wasm contract failed";
        for log in [embedded, wasmd] {
            let refuse = Refuse::chain(log);
            assert_eq!(refuse.code, RefusalCode::Funds);
            assert!(refuse.what.starts_with("device 2 asks to commit 1020"), "{refuse}");
            assert_eq!(refuse.remedy, "raise it with authorise");
        }
        let refuse = Refuse::chain(direct);
        assert_eq!(refuse.code, RefusalCode::Suspended);
        assert_eq!(refuse.what, "device 9 is suspended for its reputation");
        assert_eq!(Refuse::chain("out of gas").code, RefusalCode::Chain);
    }

    #[test]
    fn an_error_with_a_remedy_is_told_in_two_parts() {
        let refuse = Refuse::from(EnvelopeError::Oversized { found: 9, most: 5 });
        assert_eq!(refuse.code, RefusalCode::Oversized);
        assert_eq!(refuse.what, "envelope has 9 bytes, at most 5 are taken");
        assert_eq!(refuse.remedy, "send a smaller body");
        let refuse = Refuse::from(EnvelopeError::BadSignature);
        assert_eq!(refuse.code, RefusalCode::BadSignature);
        assert!(refuse.remedy.contains("domain of the registry"), "{refuse}");
    }
}
