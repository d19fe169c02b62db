//! Writes the attest contract's JSON Schema into `schema/attest` of the workspace.

use caplet_api::attest::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_api::common::MigrateMsg;
use cosmwasm_schema::write_api;
use std::{env, fs, io, path::Path};

/// `write_api!` writes into `schema` under the current directory; so it writes beside the old files,
/// which are replaced only when it is through.
fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema");
    let (made, kept) = (root.join("attest.new"), root.join("attest"));
    fs::create_dir_all(&made)?;
    env::set_current_dir(&made)?;
    write_api! {
        name: "attest",
        instantiate: InstantiateMsg,
        execute: ExecuteMsg,
        query: QueryMsg,
        migrate: MigrateMsg,
    }
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::rename(made.join("schema"), &kept)?;
    fs::remove_dir_all(&made)
}
