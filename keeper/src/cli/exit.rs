//! What the process says when it failed.

use crate::config::ConfigError;
use crate::outbox::OutboxError;
use crate::scenario::Stopped;
use caplet_chain::{BroadcastError, ChainError, ConfirmError};
use caplet_clearing::BookError;
use caplet_clearing::json::FormatError;
use std::process::ExitCode;

/// Input that a command cannot work with.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct BadInput(pub(super) String);

/// Something that should have answered and did not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoAnswer(pub(super) String);

/// A program that was run for the caller and did not end with 0: its code becomes that of this process.
#[derive(Debug, thiserror::Error)]
#[error("the program ended with code {0}")]
pub(super) struct Ended(pub(super) i32);

/// Prints the error with its causes and picks the exit code.
pub(super) fn fail(error: &anyhow::Error, json: bool) -> ExitCode {
    let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
    if json {
        eprintln!("{}", serde_json::json!({ "error": error.to_string(), "causes": causes }));
    } else {
        eprintln!("error: {error}");
        for cause in causes {
            eprintln!("  because: {cause}");
        }
    }
    ExitCode::from(code(error))
}

/// 1 failed, 2 wrong input, 3 unreachable, 4 refused by the chain, 130 stopped by Ctrl-C as shells have it; that of a
/// program that was run, if it fits one.
fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if let Some(Ended(code)) = cause.downcast_ref() {
            return u8::try_from(*code).unwrap_or(1);
        }
        if cause.is::<Stopped>() {
            return 130;
        }
        if cause.is::<ConfigError>()
            || cause.is::<BadInput>()
            || cause.is::<FormatError>()
            || cause.is::<BookError>()
        {
            return 2;
        }
        if cause.is::<NoAnswer>() || is_unreachable(cause) {
            return 3;
        }
        if is_refusal(cause) {
            return 4;
        }
    }
    1
}

fn is_unreachable(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(ChainError::Unreachable { .. }))
        || matches!(cause.downcast_ref(), Some(OutboxError::Unreachable { .. }))
        || matches!(cause.downcast_ref(), Some(BroadcastError::Unreachable(_)))
}

fn is_refusal(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref(), Some(ChainError::WouldFail { .. }))
        || matches!(cause.downcast_ref(), Some(OutboxError::Failed { .. }))
        || matches!(cause.downcast_ref(), Some(ConfirmError::Failed { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn exit_codes_tell_input_reach_and_refusal_apart() {
        let with = |error: anyhow::Error| code(&error.context("while doing something"));
        assert_eq!(with(BadInput("no".into()).into()), 2);
        assert_eq!(with(FormatError::Slot(9).into()), 2);
        assert_eq!(with(NoAnswer("no".into()).into()), 3);
        let unreachable = ChainError::Unreachable { tried: "a".into(), cause: "b".into() };
        assert_eq!(with(unreachable.into()), 3);
        assert_eq!(with(OutboxError::Failed { log: "no".into() }.into()), 4);
        assert_eq!((with(Ended(137).into()), with(Ended(-1).into())), (137, 1));
        assert_eq!(with(Stopped.into()), 130);
        assert_eq!(with(anyhow::anyhow!("anything")), 1);
        let nested = Err::<(), _>(BadInput("no".into())).context("a").context("b");
        assert_eq!(code(&nested.unwrap_err()), 2);
    }
}
