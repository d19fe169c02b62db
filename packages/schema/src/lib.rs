//! Puts a contract's JSON Schema into the workspace.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

/// Has `write` write a schema into the folder `schema` under the current directory, as `cosmwasm_schema::write_api!`
/// does, and puts that in the place of `kept`, which is replaced only when all of it is written.
///
/// Keys are sorted: whether `serde_json` keeps an order of its own is up to what else is built beside the contract.
///
/// # Errors
/// If a file cannot be written, or what was written is no JSON.
pub fn publish(kept: &Path, write: impl FnOnce()) -> io::Result<()> {
    let made = kept.with_extension("new");
    fs::create_dir_all(&made)?;
    let made = made.canonicalize()?;
    let (folder, name) = (made.parent(), kept.file_name());
    let kept = folder.zip(name).map(|(folder, name)| folder.join(name));
    let kept = kept.ok_or_else(|| io::Error::other("a schema goes into a folder with a name"))?;
    env::set_current_dir(&made)?;
    write();
    sort(&made.join("schema"))?;
    if kept.exists() {
        fs::remove_dir_all(&kept)?;
    }
    fs::rename(made.join("schema"), &kept)?;
    fs::remove_dir_all(&made)
}

/// Sorts the keys of every file below a folder.
fn sort(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sort(&path)?;
            continue;
        }
        let value: Value = serde_json::from_slice(&fs::read(&path)?)?;
        fs::write(&path, format!("{:#}\n", sorted(value)))?;
    }
    Ok(())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(all) => all.into_iter().map(sorted).collect(),
        Value::Object(map) => {
            let map: BTreeMap<String, Value> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(map.into_iter().collect::<Map<_, _>>())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth_and_lists_stay() {
        let value = json!({ "b": [{ "z": 1, "a": 2 }, 1], "a": { "d": null, "c": true } });
        let text = sorted(value).to_string();
        assert_eq!(text, r#"{"a":{"c":true,"d":null},"b":[{"a":2,"z":1},1]}"#);
    }

    #[test]
    fn what_was_there_is_replaced_when_all_is_written() {
        let folder = env::temp_dir().join(format!("caplet-schema-{}", std::process::id()));
        let kept = folder.join("schema/thing");
        fs::create_dir_all(&kept).unwrap();
        fs::write(kept.join("old.json"), "{}").unwrap();
        let write = || {
            fs::create_dir_all("schema/raw").unwrap();
            fs::write("schema/raw/new.json", r#"{"b":1,"a":2}"#).unwrap();
        };
        publish(&kept, write).unwrap();
        assert!(!kept.join("old.json").exists() && !folder.join("schema/thing.new").exists());
        let text = fs::read_to_string(kept.join("raw/new.json")).unwrap();
        assert_eq!(text, "{\n  \"a\": 2,\n  \"b\": 1\n}\n");
        fs::remove_dir_all(&folder).unwrap();
    }
}
