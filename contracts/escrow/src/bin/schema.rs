//! Writes the escrow's JSON Schema into `schema/escrow` of the workspace.

use caplet_api::common::MigrateMsg;
use caplet_api::escrow::{ExecuteMsg, InstantiateMsg, QueryMsg};
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/escrow");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "escrow",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
