//! Writes the futures contract's JSON Schema into `schema/futures` of the workspace.

use caplet_api::common::MigrateMsg;
use caplet_api::futures::{ExecuteMsg, InstantiateMsg, QueryMsg};
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/futures");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "futures",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
