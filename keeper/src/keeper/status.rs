//! What `GET /status` and `caplet status` show.

use crate::book::Books;
use crate::context::Context;
use crate::exchange::Status;
use crate::leases::Leases;
use serde_json::{Value, json};
use std::sync::Arc;

/// Asked anew each time; a part that cannot be read says why in its place.
pub(super) fn teller(context: &Context, books: &Books, leases: &Leases) -> Status {
    let (context, books, leases) = (context.clone(), books.clone(), leases.clone());
    Arc::new(move || {
        let head = *context.chain.watch().borrow();
        let all = leases.all();
        json!({
            "chain": { "id": context.chain.chain_id(), "height": head.height, "time_ns": head.time_ns.to_string(),
                       "metered": context.chain.metered() },
            "account": { "number": context.account.0, "address": context.signer.address() },
            "contracts": *context.deployment,
            "markets": books.markets().len(),
            "devices": or_why(crate::registrar::devices(&context.store).map(|devices| json!(devices.len()))),
            "leases": { "known": all.len(), "live": all.iter().filter(|lease| lease.is_live()).count() },
            "containers": crate::observe::container_runtime(),
            "outbox": or_why(context.outbox.backlog().map(|backlog| json!(backlog))),
        })
    })
}

fn or_why(part: anyhow::Result<Value>) -> Value {
    part.unwrap_or_else(|error| json!({ "error": format!("{error:#}") }))
}
