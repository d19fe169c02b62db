//! Writes the JSON Schema of the reputation contract into `schema/reputation` of the workspace.

use caplet_api::common::MigrateMsg;
use caplet_api::reputation::{ExecuteMsg, InstantiateMsg, QueryMsg};
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/reputation");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "reputation",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
