//! Writes the registry's JSON Schema into `schema/registry` of the workspace.

use caplet_api::common::MigrateMsg;
use caplet_api::registry::{ExecuteMsg, InstantiateMsg, QueryMsg};
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/registry");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "registry",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
