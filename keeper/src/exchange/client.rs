//! Asking other gateways.

use super::endpoints;
use super::problem::Problem;
use crate::bridge::Refuse;
use crate::context::Context;
use anyhow::Context as _;
use caplet_attest::MAX_QUOTE;
use caplet_protocol::{
    AccountId, DeviceId, LeaseId, content,
    wire::{MAX_DOCUMENT, MAX_ENVELOPE, SignedEndpoint},
};
use prost::Message as _;
use std::time::{Duration, Instant};

/// To reach a gateway at all.
const CONNECT: Duration = Duration::from_secs(5);

/// For an answer: a call may take its time on the device.
const ANSWER: Duration = Duration::from_secs(30);

/// Questions by which a round trip is measured.
const PROBES: usize = 3;

/// Bytes of an answer to them, at most.
const MAX_HEALTH: usize = 64;

/// The way to other gateways. Clones share connections.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    stop: tokio_util::sync::CancellationToken,
}

impl Client {
    pub(super) fn new(context: &Context) -> anyhow::Result<Self> {
        // A second installation fails, and then there is a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .no_proxy()
            .build()
            .context("the HTTP client cannot be made")?;
        Ok(Self { http, stop: context.tasks.stop_token() })
    }

    /// Posts an envelope for a lease to the gateway at `endpoint`, and returns the envelope that
    /// answers it.
    ///
    /// # Errors
    /// The other gateway's [`Refuse`], or one that says it could not be reached.
    pub(crate) async fn frame(
        &self,
        endpoint: &SignedEndpoint,
        lease: LeaseId,
        envelope: &[u8],
    ) -> Result<Vec<u8>, Refuse> {
        let addresses = endpoints::addresses(endpoint)
            .map_err(|error| Refuse::unavailable(error.to_string()))?;
        let mut last = String::new();
        for address in addresses {
            let url = format!("http://{address}/v1/lease/{lease}/frame");
            let request = self.http.post(url).body(envelope.to_vec());
            match self.send(request, MAX_ENVELOPE).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(problem)) => return Err(problem.refuse()),
                Err(error) => last = format!("{address}: {error:#}"),
            }
        }
        Err(Refuse::unavailable(format!("the provider's gateway cannot be reached ({last})")))
    }

    /// The raw profile of a digest, not checked yet.
    ///
    /// # Errors
    /// If the gateway cannot be reached or has none.
    pub(crate) async fn profile(
        &self,
        endpoint: &SignedEndpoint,
        digest: &[u8; 32],
    ) -> anyhow::Result<Vec<u8>> {
        let mut last = None;
        for address in endpoints::addresses(endpoint)? {
            let url = format!("http://{address}/v1/profile/{}", content::to_text(digest));
            match self.get(&url, MAX_DOCUMENT).await {
                Ok(raw) => return Ok(raw),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the gateway has no address")))
    }

    /// The quote of a device's enclave, not checked yet.
    ///
    /// # Errors
    /// If the gateway cannot be reached or has none.
    pub(super) async fn quote(
        &self,
        endpoint: &SignedEndpoint,
        device: DeviceId,
        sequence: u64,
    ) -> anyhow::Result<Vec<u8>> {
        let mut last = None;
        for address in endpoints::addresses(endpoint)? {
            let url = format!("http://{address}/v1/quote/{device}/{sequence}");
            match self.get(&url, MAX_QUOTE).await {
                Ok(quote) => return Ok(quote),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the gateway has no address")))
    }

    /// The endpoint record of an account that the gateway at `peer` (`host:port`) keeps, not checked
    /// yet.
    ///
    /// # Errors
    /// If the peer cannot be reached or has none.
    pub(super) async fn endpoint(
        &self,
        peer: &str,
        account: AccountId,
    ) -> anyhow::Result<SignedEndpoint> {
        let raw = self.get(&format!("http://{peer}/v1/endpoint/{account}"), MAX_DOCUMENT).await?;
        SignedEndpoint::decode(raw.as_slice())
            .with_context(|| format!("{peer} answered no endpoint record"))
    }

    /// How long a gateway takes to answer, several times over a connection that stands: the network's
    /// round trip and little else.
    ///
    /// # Errors
    /// If no address of it answers.
    pub(super) async fn round_trips(
        &self,
        endpoint: &SignedEndpoint,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut last = None;
        for address in endpoints::addresses(endpoint)? {
            match self.time(&format!("http://{address}/healthz")).await {
                Ok(times) => return Ok(times),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the gateway has no address")))
    }

    /// Passes if an address of a gateway answers.
    ///
    /// # Errors
    /// If none does.
    pub(super) async fn is_up(&self, endpoint: &SignedEndpoint) -> anyhow::Result<()> {
        let mut last = None;
        for address in endpoints::addresses(endpoint)? {
            match self.get(&format!("http://{address}/healthz"), MAX_HEALTH).await {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("the gateway has no address")))
    }

    async fn time(&self, url: &str) -> anyhow::Result<Vec<Duration>> {
        self.get(url, MAX_HEALTH).await?; // opens the connection
        let mut times = Vec::with_capacity(PROBES);
        for _ in 0..PROBES {
            let asked = Instant::now();
            self.get(url, MAX_HEALTH).await?;
            times.push(asked.elapsed());
        }
        Ok(times)
    }

    async fn get(&self, url: &str, most: usize) -> anyhow::Result<Vec<u8>> {
        let answer = self.send(self.http.get(url), most).await.with_context(|| url.to_owned())?;
        answer.map_err(|problem| anyhow::anyhow!("{url}: {}: {}", problem.error, problem.remedy))
    }

    /// The body of a success, or the problem that the other side states.
    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        most: usize,
    ) -> anyhow::Result<Result<Vec<u8>, Problem>> {
        let exchange = async {
            let response = request.send().await?;
            let good = response.status().is_success();
            let body = bounded(response, most).await?;
            if good {
                return Ok(Ok(body));
            }
            let problem = serde_json::from_slice(&body).context("an answer that is no caplet's")?;
            Ok(Err(problem))
        };
        tokio::select! {
            answer = exchange => answer,
            () = self.stop.cancelled() => anyhow::bail!("this gateway is stopping"),
        }
    }
}

/// A body of at most `most` bytes: nobody fills this gateway's memory.
async fn bounded(mut response: reqwest::Response, most: usize) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        anyhow::ensure!(
            body.len().saturating_add(chunk.len()) <= most,
            "the answer has more than {most} bytes"
        );
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
