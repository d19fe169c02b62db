//! `caplet simulate`: what the mechanisms do over time, as a table and a plot.

use anyhow::Context as _;
use caplet_simulation::{Outcome, futures, market, pool, reputation};
use clap::{Args as ClapArgs, Subcommand};
use std::path::{Path, PathBuf};

/// Which simulation.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Simulation,
}

#[derive(Debug, Subcommand)]
enum Simulation {
    /// A day of shifting demand under fixed prices, auctions, and the mix of both.
    Market(Show),
    /// A volatile month with and without futures, and waves of defaults.
    Futures(Show),
    /// A month of devices behind one provider identity, beside the same devices alone.
    Pool(Show),
    /// Attacks on reputation with the money counted, beside other ways to rate.
    Reputation {
        /// How it is shown.
        #[command(flatten)]
        show: Show,
        /// Timed ratings to replay, lines of SOURCE,TARGET,RATING,TIME; a small generated set when absent.
        #[arg(long, value_name = "FILE")]
        ratings: Option<PathBuf>,
    },
}

/// How it is shown.
#[derive(Debug, ClapArgs)]
struct Show {
    /// Folder for the plot, NAME.svg; made when it is not there. No plot when absent.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print one JSON object, all points of the plot included.
    #[arg(long)]
    json: bool,
    /// The same seed gives the same outcome.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

impl Args {
    /// Whether a program reads the output.
    pub(super) const fn json(&self) -> bool {
        match &self.command {
            Simulation::Market(show)
            | Simulation::Futures(show)
            | Simulation::Pool(show)
            | Simulation::Reputation { show, .. } => show.json,
        }
    }
}

/// Simulates and shows.
///
/// # Errors
/// If the simulation fails or the plot cannot be written.
pub(super) fn simulate(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Simulation::Market(show) => present(&market::simulate(show.seed)?, show),
        Simulation::Futures(show) => present(&futures::simulate(show.seed), show),
        Simulation::Pool(show) => present(&pool::simulate(show.seed), show),
        Simulation::Reputation { show, ratings } => {
            let ratings = ratings.as_deref().map(read).transpose()?;
            present(&reputation::simulate(show.seed, ratings.as_deref()), show)
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<reputation::TimedRating>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    reputation::parse(&text).with_context(|| format!("{} is no file of ratings", file.display()))
}

fn present(outcome: &Outcome, show: &Show) -> anyhow::Result<()> {
    if show.json {
        println!("{}", serde_json::to_string(outcome)?);
    } else {
        outcome.tables.iter().for_each(|table| println!("{table}"));
    }
    let Some(folder) = &show.out else { return Ok(()) };
    let file = folder.join(format!("{}.svg", outcome.name));
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, outcome.svg().map_err(std::io::Error::other)?))
        .with_context(|| format!("cannot write {}", file.display()))?;
    if !show.json {
        println!("plot: {}", file.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_leaves_its_plot_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let show = || Show { out: Some(folder.path().join("new")), json: false, seed: 2 };
        for (command, name) in [
            (Simulation::Market(show()), "market"),
            (Simulation::Futures(show()), "futures"),
            (Simulation::Pool(show()), "pool"),
        ] {
            simulate(&Args { command }).unwrap();
            let plot = folder.path().join(format!("new/{name}.svg"));
            assert!(std::fs::read_to_string(plot).unwrap().starts_with("<svg"), "{name}");
        }
    }

    #[test]
    fn ratings_are_replayed_from_a_file_and_a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ratings.csv");
        let replay = || {
            let show = Show { out: None, json: true, seed: 2 };
            simulate(&Args {
                command: Simulation::Reputation { show, ratings: Some(file.clone()) },
            })
        };
        std::fs::write(&file, "1,2,5,100\n3,2,-5,200.5\n").unwrap();
        replay().unwrap();
        std::fs::write(&file, "1,2,5,100\nnonsense\n").unwrap();
        assert!(format!("{:#}", replay().unwrap_err()).contains("line 2"));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let show = Show { out: Some(file.clone()), json: true, seed: 2 };
        let error = simulate(&Args { command: Simulation::Market(show) }).unwrap_err();
        assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
    }
}
