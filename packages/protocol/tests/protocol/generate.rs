//! Makes what is generated from `proto/`: the Rust messages and the copy in `schema/proto`.
//! After a change to a `.proto`, before the Rust code that uses it:
//! `CAPLET_REGENERATE=1 cargo test --release -p caplet-protocol generate`.
use crate::golden::{self, package, schema};
use prost_build::Config;
use protox::prost_reflect::{
    DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, prost_types::FileDescriptorSet,
};
use std::fmt::Write;

fn sources() -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(package("proto/caplet/v1"))
        .unwrap()
        .map(|entry| format!("caplet/v1/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    names.sort();
    names
}

fn compiled() -> FileDescriptorSet {
    protox::Compiler::new([package("proto")])
        .and_then(|mut compiler| {
            Ok(compiler.include_source_info(true).open_files(sources())?.file_descriptor_set())
        })
        .unwrap()
}

pub(crate) fn pool() -> DescriptorPool {
    DescriptorPool::from_file_descriptor_set(compiled()).unwrap()
}

/// Schema of one message as [`caplet_protocol::wire::Schema`] wants it.
fn schema_impl(message: &MessageDescriptor) -> String {
    let mut fields: Vec<_> = message.fields().map(|field| field.number()).collect();
    fields.sort_unstable();
    let mut out = String::new();
    writeln!(out, "impl super::Schema for {} {{", message.name()).unwrap();
    writeln!(out, "    const NAME: &'static str = \"{}\";", message.full_name()).unwrap();
    writeln!(out, "    const FIELDS: &'static [u32] = &{fields:?};\n}}").unwrap();
    out
}

/// How a field looks in JSON, where that is not serde's own way (`wire::json`).
fn json_with(field: &FieldDescriptor) -> Option<String> {
    let one = match field.kind() {
        Kind::Uint64 | Kind::Fixed64 => "Whole::<u64>".to_owned(),
        Kind::Sint64 => "Whole::<i64>".to_owned(),
        Kind::Bytes => "Hex".to_owned(),
        Kind::Enum(of) => format!("Name::<{}>", of.name()),
        _ => return None,
    };
    Some(if field.is_list() { format!("List::<super::json::{one}>") } else { one })
}

fn config(pool: &DescriptorPool) -> Config {
    let mut config = Config::new();
    config.message_attribute(
        ".",
        "#[cfg_attr(feature = \"serde\", derive(serde::Serialize, serde::Deserialize), \
         serde(default, rename_all = \"camelCase\"))]",
    );
    for message in pool.all_messages() {
        for oneof in message.oneofs() {
            config.enum_attribute(
                oneof.full_name(),
                "#[cfg_attr(feature = \"serde\", derive(serde::Serialize, serde::Deserialize), \
                 serde(rename_all = \"camelCase\"))]",
            );
            let skip = "#[cfg_attr(feature = \"serde\", \
                 serde(skip_serializing_if = \"super::json::is_default\"))]";
            config.field_attribute(oneof.full_name(), skip);
        }
        for field in message.fields().filter(|field| field.containing_oneof().is_none()) {
            let with = json_with(&field)
                .map(|with| format!(", with = \"super::json::{with}\""))
                .unwrap_or_default();
            let skip = "skip_serializing_if = \"super::json::is_default\"";
            let attribute = format!("#[cfg_attr(feature = \"serde\", serde({skip}{with}))]");
            config.field_attribute(field.full_name(), attribute);
        }
    }
    config
}

fn messages() -> String {
    let pool = pool();
    let module = prost_build::Module::from_protobuf_package_name("caplet.v1");
    let files = compiled().file.into_iter().map(|file| (module.clone(), file)).collect();
    let modules = config(&pool).generate(files).unwrap();
    let mut out = modules.into_values().collect::<String>();
    let mut all: Vec<_> = pool.all_messages().collect();
    all.sort_by(|a, b| a.name().cmp(b.name()));
    all.iter().for_each(|message| out += &schema_impl(message));
    out
}

#[test]
fn the_rust_messages_are_those_of_the_proto_files() {
    golden::check(&package("src/wire/caplet.v1.rs"), messages().as_bytes());
}

#[test]
fn the_published_proto_files_are_the_sources() {
    for name in sources() {
        let source = std::fs::read(package("proto").join(&name)).unwrap();
        golden::check(&schema("proto").join(&name), &source);
    }
}

#[test]
fn every_message_keeps_room_to_extend() {
    for message in pool().all_messages() {
        assert!(message.reserved_ranges().count() > 0, "{} reserves nothing", message.full_name());
    }
}
