//! Writes the pool's JSON Schema into `schema/pool` of the workspace.

use caplet_api::common::MigrateMsg;
use caplet_api::pool::{ExecuteMsg, InstantiateMsg, QueryMsg};
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/pool");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "pool",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
