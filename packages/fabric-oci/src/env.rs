//! The environment of a command: the provider's, with the way out if there is one, the bundle's, the run's; what comes later
//! goes before.

/// What every command has.
const OURS: [&str; 2] = ["PATH=/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/tmp"];

/// One value a name; what is no `NAME=value` is left out.
pub(crate) fn merged(out: Vec<String>, bundle: &[String], run: &[String]) -> Vec<String> {
    let mut all: Vec<String> = OURS.map(str::to_owned).to_vec();
    all.extend(out);
    for pair in bundle.iter().chain(run) {
        let Some((name, _)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            continue;
        };
        all.retain(|known| known.split_once('=').is_none_or(|(known, _)| known != name));
        all.push(pair.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn what_a_run_gives_goes_before_its_bundles_and_the_provider_s() {
        let list = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let bundle = list(&["PATH=/opt", "A=1", "nothing", "=x"]);
        let out = list(&["all_proxy=x", "http_proxy=y"]);
        let merged = merged(out, &bundle, &list(&["A=2=3", "B=", "http_proxy=z"]));
        let wanted = ["HOME=/tmp", "all_proxy=x", "PATH=/opt", "A=2=3", "B=", "http_proxy=z"];
        assert_eq!(merged, list(&wanted));
    }
}
