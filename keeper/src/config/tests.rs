//! Precedence, unknown keys, and the example file.

use super::*;

const EXAMPLE: &str = include_str!("../../../docs/caplet.example.toml");

fn read(text: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("caplet.toml");
    std::fs::write(&path, text).unwrap();
    let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
    let flags: Vec<_> = flags.iter().map(owned).collect();
    load_with(Some(&path), env.iter().map(owned), &flags)
}

#[test]
fn the_example_file_is_the_defaults_and_has_every_key() {
    let loaded = read(EXAMPLE, &[], &[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    for Origin { key, from, .. } in loaded.origins() {
        assert!(from.ends_with("caplet.toml"), "{key} is missing in the example file");
    }
}

#[test]
fn what_is_commented_out_in_the_example_file_is_known_too() {
    let full: String = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("#= ").unwrap_or(line).to_owned() + "\n")
        .collect();
    let config = read(&full, &[], &[]).unwrap().config;
    assert_ne!(config, Config::default());
    assert!(config.mqtt.embedded.tls_listen.is_some() && config.mqtt.external.ca.is_some());
}

#[test]
fn flags_win_over_environment_over_file_over_defaults_and_each_shows_as_origin() {
    let text = "[log]\nfilter = \"file\"\n[settle]\nbatch = 7\nmax_age_secs = 8\n";
    let env = [("CAPLET_SETTLE__BATCH", "70"), ("CAPLET_LOG__FILTER", "env"), ("OTHER", "x")];
    let loaded = read(text, &env, &[("log.filter", "flag")]).unwrap();
    let config = &loaded.config;
    assert_eq!((config.log.filter.as_str(), config.settle.batch), ("flag", 70));
    assert_eq!((config.settle.max_age_secs, config.outbox.in_flight), (8, 4));
    let origins = loaded.origins();
    let from = |key: &str| origins.iter().find(|o| o.key == key).unwrap().from.clone();
    assert_eq!(from("log.filter"), "flag");
    assert_eq!(from("settle.batch"), "CAPLET_SETTLE__BATCH");
    assert!(from("settle.max_age_secs").ends_with("caplet.toml"));
    assert_eq!(from("outbox.in_flight"), "default");
}

#[test]
fn a_key_that_nobody_knows_is_an_error_wherever_it_stands() {
    let words = |error: ConfigError| error.to_string();
    let file = words(read("[settle]\nbacth = 7\n", &[], &[]).unwrap_err());
    assert!(file.contains("bacth") && file.contains("example.toml"), "{file}");
    let env = words(read("", &[("CAPLET_SETTEL__BATCH", "7")], &[]).unwrap_err());
    assert!(env.contains("settel"), "{env}");
    let flag = words(read("", &[], &[("log.colour", "red")]).unwrap_err());
    assert!(flag.contains("colour"), "{flag}");
    assert!(read("", &[("CAPLET_CONFIG", "caplet.toml"), ("CAPLET_CACHE", "/tmp")], &[]).is_ok());
}

#[test]
fn values_that_do_not_fit_are_named() {
    let words = |text: &str| read(text, &[], &[]).unwrap_err().to_string();
    assert!(words("[settle]\nbatch = \"many\"\n").contains("settle.batch"));
    assert!(words("[outbox]\nin_flight = 0\n").contains("allowed is 1 to 64"));
    assert!(words("[risk]\ncap_bps = -1\n").contains("risk.cap_bps"));
    assert!(words("[exchange]\nmeasure_secs = 0\n").contains("exchange.measure_secs is 0"));
    let two = words("[fabric]\ncamera = [\"film\"]\ncamera_file = \"now.jpg\"\n");
    assert!(two.contains("fabric.camera_file is now.jpg"), "{two}");
    let nowhere = words("[fabric]\ncontainer_network = true\n");
    assert!(nowhere.contains("fabric.uplink is empty"), "{nowhere}");
    let none = words("[fabric]\ncontainer_runtime = []\n");
    assert!(none.contains("fabric.container_runtime is empty"), "{none}");
    assert!(words("not toml").contains("caplet.toml"));
    let nowhere = load_with(Some(Path::new("no/such.toml")), [], &[]).unwrap_err();
    assert!(nowhere.to_string().contains("no/such.toml"));
}
