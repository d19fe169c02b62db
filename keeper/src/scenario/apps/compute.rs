//! A program on a leased machine.

use super::{App, At, MARK};
use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::Value;

/// The program: a WASI module as text; what is shipped is the binary, and providers take nothing else.
const PROGRAM: &str = include_str!("primes.wat");

/// Primes below 6,000.
const PRIMES: &str = "783";

/// Runs the program.
#[derive(Default)]
pub(super) struct Counter {
    module: Option<String>,
}

#[async_trait]
impl App for Counter {
    async fn once(&mut self, n: u64, at: &At) -> anyhow::Result<()> {
        let module = match &self.module {
            Some(module) => module.clone(),
            None => {
                let binary = wat::parse_str(PROGRAM)?;
                let put = at.http.put(format!("{}/modules", at.url)).body(binary);
                let answer: Value = put.send().await?.json().await?;
                let module = answer["module"].as_str().context("no module was taken")?;
                self.module.insert(module.to_owned()).clone()
            }
        };
        let input = format!("{MARK} run {n}");
        let run = at.http.post(format!("{}/run/{module}", at.url)).body(input.clone());
        let answer = run.send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.text().await?);
        let output = answer.text().await?;
        let right = format!("{PRIMES} {input}");
        anyhow::ensure!(output == right, "{output:?} came, {right:?} is right");
        Ok(())
    }
}
