//! Makes what is generated from `proto/`: the Rust messages and the copy in `schema/proto`.
//! After a change to a `.proto`, before the Rust code that uses it:
//! `CAPLET_REGENERATE=1 cargo test --release -p caplet-protocol generate`.
use crate::golden::{self, package, schema};
use prost_build::Config;
use protox::prost_reflect::{DescriptorPool, MessageDescriptor, prost_types::FileDescriptorSet};
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

fn messages() -> String {
    let set = compiled();
    let pool = DescriptorPool::from_file_descriptor_set(set.clone()).unwrap();
    let modules = Config::new()
        .generate(
            set.file
                .into_iter()
                .map(|file| (prost_build::Module::from_protobuf_package_name("caplet.v1"), file))
                .collect(),
        )
        .unwrap();
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
    let pool = DescriptorPool::from_file_descriptor_set(compiled()).unwrap();
    for message in pool.all_messages() {
        assert!(message.reserved_ranges().count() > 0, "{} reserves nothing", message.full_name());
    }
}
