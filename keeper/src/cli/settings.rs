//! `caplet config`: what is set, and by whom.

use super::args::{ConfigArgs, ConfigCommand};
use crate::config::{Origin, load};

/// Shows the configuration.
///
/// # Errors
/// If it does not read.
pub(super) fn config(args: &ConfigArgs) -> anyhow::Result<()> {
    let ConfigCommand::Show { settings, origin, json } = &args.command;
    let loaded = load(settings.config.as_deref(), &settings.set)?;
    if *json && !origin {
        println!("{}", serde_json::to_string_pretty(&loaded.config)?);
        return Ok(());
    }
    let origins = loaded.origins();
    if *json {
        let entry =
            |o: &Origin| serde_json::json!({ "key": o.key, "value": o.value, "from": o.from });
        println!(
            "{}",
            serde_json::to_string_pretty(&origins.iter().map(entry).collect::<Vec<_>>())?
        );
        return Ok(());
    }
    for Origin { key, value, from } in origins {
        match origin {
            true => println!("{key} = {value}  # {from}"),
            false => println!("{key} = {value}"),
        }
    }
    Ok(())
}
