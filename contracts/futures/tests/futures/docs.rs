//! The page about futures names tests that exist.

use std::path::Path;

#[test]
fn every_test_that_the_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("../../docs/contracts/futures.md")).unwrap();
    let (_, map) = page.split_once("## Requirement -> test").unwrap();
    let mut seen = 0;
    for name in map.split('`').skip(1).step_by(2) {
        let (module, test) = name.split_once("::").unwrap();
        let file = root.join(format!("tests/futures/{module}.rs"));
        let code = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(code.contains(&format!("fn {test}(")), "there is no test {name}");
        seen += 1;
    }
    assert!(seen > 40, "{seen} tests are named");
}
