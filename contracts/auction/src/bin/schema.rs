//! Writes the auction's JSON Schema into `schema/auction` of the workspace.

use caplet_api::auction::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_api::common::MigrateMsg;
use cosmwasm_schema::write_api;
use std::{io, path::Path};

fn main() -> io::Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/auction");
    caplet_schema::publish(&kept, || {
        write_api! {
            name: "auction",
            instantiate: InstantiateMsg,
            execute: ExecuteMsg,
            query: QueryMsg,
            migrate: MigrateMsg,
        }
    })
}
