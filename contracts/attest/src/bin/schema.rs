//! Writes the attest contract's JSON Schema into `schema/attest` of the workspace.

use caplet_api::attest::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_api::common::MigrateMsg;
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/attest");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "attest",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
