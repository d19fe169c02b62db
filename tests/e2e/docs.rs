//! What the pages name exists: every path of the repository, every test.
#![allow(clippy::unwrap_used)] // a page that does not read is a failed test

use std::path::{Path, PathBuf};

/// Pages of the design, which are not part of the repository.
const ELSEWHERE: [&str; 3] = ["DESIGN.md", "MECHANISMS.md", "PROTOCOL.md"];
/// Endings by which a word in code type is a file, even without a folder.
const ENDINGS: [&str; 6] = [".rs", ".md", ".txt", ".json", ".toml", ".wasm"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/contracts"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        pages.extend(entries.map(|entry| entry.unwrap().path()));
    }
    pages.retain(|page| page.extension().is_some_and(|ending| ending == "md"));
    pages.sort();
    pages
}

/// Every Rust source below a folder.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// Words in code type.
fn code(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2).flat_map(str::split_whitespace)
}

/// Targets of links to files.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with('#'))
}

/// Folders at the top of the repository: a word that begins with one is a path.
fn tops() -> Vec<String> {
    let entries = std::fs::read_dir(root()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| format!("{}/", entry.file_name().to_str().unwrap())).collect()
}

fn is_path(word: &str, tops: &[String]) -> bool {
    tops.iter().any(|top| word.starts_with(top.as_str()))
        || ENDINGS.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len())
}

/// Whether a path is there; the last part may be a star, and a bare file name stands for a file beside
/// one that was named with its folder.
fn exists(word: &str, named: &[PathBuf]) -> bool {
    if let Some(folder) = word.strip_suffix("/*") {
        return root().join(folder).is_dir();
    }
    if ELSEWHERE.contains(&word) || root().join(word).exists() {
        return true;
    }
    !word.contains('/')
        && named.iter().filter_map(|path| path.parent()).any(|dir| dir.join(word).exists())
}

#[test]
fn every_path_that_a_page_names_exists() {
    let (tops, mut seen) = (tops(), 0);
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let words: Vec<&str> = code(&text).filter(|word| is_path(word, &tops)).collect();
        let named: Vec<PathBuf> = words.iter().map(|word| root().join(word)).collect();
        for word in &words {
            let beside = page.parent().unwrap().join(word).exists();
            let there = beside || exists(word, &named);
            assert!(there, "{} names {word}, which is not there", page.display());
            seen += 1;
        }
        for link in links(&text) {
            let target = page.parent().unwrap().join(link);
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} paths are named");
}

/// Below the heading of a page about a contract, `module::test` is a test of that contract's binary.
#[test]
fn every_test_that_a_page_names_exists() {
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let Some((_, map)) = text.split_once("## Requirement -> test") else { continue };
        let contract = page.file_stem().unwrap().to_str().unwrap();
        if page.parent() != Some(&root().join("docs/contracts")) {
            continue; // looked at by sentence, below
        }
        let folder = root().join(format!("contracts/{contract}/tests/{contract}"));
        for name in code(map).filter(|word| word.contains("::")) {
            let (module, test) = name.split_once("::").unwrap();
            let file = folder.join(format!("{module}.rs"));
            let code = std::fs::read_to_string(&file).unwrap_or_default();
            let line = format!("fn {test}(");
            assert!(code.contains(&line), "{} names {name}, which is not there", page.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} tests are named");
}

/// Elsewhere `module::a_sentence_of_a_name` is a test, in a file or module of that name.
#[test]
fn every_sentence_that_a_page_names_is_a_test() {
    let mut files = Vec::new();
    for top in ["contracts", "keeper", "packages", "tests"] {
        sources(&root().join(top), &mut files);
    }
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let names = code(&text).filter_map(|word| word.trim_end_matches(',').rsplit_once("::"));
        for (module, test) in names.filter(|(_, test)| test.matches('_').count() > 3) {
            // a file's own module of tests says nothing of where the file is
            let module = module.rsplit("::").find(|part| *part != "tests").unwrap_or("tests");
            let found = files.iter().any(|file| {
                let inside = file.strip_prefix(root()).unwrap();
                inside
                    .iter()
                    .any(|part| Path::new(part).file_stem().is_some_and(|stem| stem == module))
                    && std::fs::read_to_string(file).unwrap().contains(&format!("fn {test}("))
            });
            assert!(found, "{} names {module}::{test}, which is not there", page.display());
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} tests are named");
}

/// `cargo run --release -- demo` is the first command of the README; a second program in the keeper's package would leave
/// cargo without a choice.
#[test]
fn the_readmes_first_command_runs_the_keepers_main_program() {
    let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
    assert!(read("README.md").contains("cargo run --release -- demo"));
    assert!(read("Cargo.toml").contains("default-members = [\"keeper\"]\n"));
    assert!(read("keeper/Cargo.toml").contains("\ndefault-run = \"caplet\"\n"));
}
