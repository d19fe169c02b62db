//! Carrying out what is due about one enclave.

use super::due::{Need, Rhythm, Seen, Voices};
use super::{Evidence, Finding, Judge, Quotes, bring, verify, word};
use crate::config::AttestConfig;
use crate::context::Context;
use crate::exchange::Directory;
use crate::observe;
use crate::outbox::Lane;
use crate::rendezvous::{Queue, place};
use anyhow::Context as _;
use caplet_api::registry::{AttestersResponse, ExecuteMsg, QueryMsg};
use caplet_attest::AttestError;
use caplet_chain::{ChainExt as _, Head, Msg};
use caplet_protocol::DeviceId;

/// Blocks that an attester waits for another to bring the same quote.
const PATIENCE: u64 = 3;

/// What the role holds.
pub(super) struct Duty {
    pub(super) context: Context,
    pub(super) rhythm: Rhythm,
    judge: Judge,
    quotes: Quotes,
    directory: Directory,
    turns: Queue,
}

/// Why nothing came of an enclave.
#[derive(Debug)]
pub(super) enum Not {
    /// Its evidence does not hold.
    Refused(AttestError),
    /// It could not be judged, or the chain did not take the word.
    Yet(anyhow::Error),
}

impl From<anyhow::Error> for Not {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<AttestError>() {
            Ok(refused) => Self::Refused(refused),
            Err(error) => Self::Yet(error),
        }
    }
}

impl Not {
    pub(super) fn say(&self, device: DeviceId) {
        match self {
            Self::Refused(why) => observe::enclave_refused(device, why),
            Self::Yet(error) => observe::enclave_not_judged(device, error),
        }
    }
}

impl Duty {
    pub(super) fn new(
        context: Context,
        config: AttestConfig,
        judge: Judge,
        quotes: Quotes,
        directory: Directory,
    ) -> Self {
        let rhythm = Rhythm::new(&config, judge.validity_secs);
        Self { context, rhythm, judge, quotes, directory, turns: Queue::new() }
    }

    pub(super) fn registry(&self) -> &str {
        &self.context.deployment.contracts.registry
    }

    pub(super) fn head(&self) -> Head {
        *self.context.chain.watch().borrow()
    }

    /// Judges an enclave, and says or brings what is due. What was said of one that does not hold any more
    /// is taken back.
    pub(super) async fn carry_out(
        &mut self,
        device: DeviceId,
        seen: &Seen,
        voices: &Voices,
        need: Need,
        now: u64,
    ) -> Result<(), Not> {
        let own = voices.own.as_deref();
        let (evidence, finding) = match self.judge(device, seen, need.recheck).await {
            Ok(judged) => judged,
            Err(Not::Refused(why)) => {
                if own.is_some_and(|own| seen.end(own) > now) {
                    self.take_back(device).await?;
                }
                return Err(Not::Refused(why));
            }
            Err(not) => return Err(not),
        };
        // the one must not wait for what the other waits for
        let said = match need.say {
            true => self.say(device, own.map_or(0, |own| seen.end(own)), &evidence, &finding).await,
            false => Ok(()),
        };
        match &voices.contract {
            Some(contract) if need.bring => {
                self.bring(device, seen.end(contract), voices, &evidence, &finding).await?;
            }
            _ => {}
        }
        said
    }

    /// Nothing is to be brought: nobody's turn is waited for.
    pub(super) fn rest(&mut self) {
        self.turns.retain(|_| false);
    }

    async fn say(
        &self,
        device: DeviceId,
        before: u64,
        evidence: &Evidence,
        finding: &Finding,
    ) -> Result<(), Not> {
        self.gain(before, finding)?;
        let msg = word(self.registry(), evidence, finding).map_err(anyhow::Error::from)?;
        self.send(msg).await?;
        observe::enclave_attested(device, finding.verified.not_after);
        Ok(())
    }

    async fn bring(
        &mut self,
        device: DeviceId,
        before: u64,
        voices: &Voices,
        evidence: &Evidence,
        finding: &Finding,
    ) -> Result<(), Not> {
        self.gain(before, finding)?;
        let Some(contract) = &voices.contract else { return Ok(()) };
        if self.is_my_turn(device, evidence, voices) {
            let msg = bring(contract, evidence, finding).map_err(anyhow::Error::from)?;
            self.send(msg).await?;
            observe::quote_brought(device);
        }
        Ok(())
    }

    /// A word that hardly lasts longer than the last one waits for newer collateral.
    fn gain(&self, before: u64, finding: &Finding) -> Result<(), Not> {
        let after = finding.verified.not_after;
        if self.rhythm.is_gain(before, after) {
            return Ok(());
        }
        Err(Not::Yet(anyhow::anyhow!(
            "it is attested until {before}, and its collateral lets it be until {after} only: newer collateral is waited for"
        )))
    }

    async fn judge(
        &self,
        device: DeviceId,
        seen: &Seen,
        latest: bool,
    ) -> Result<(Evidence, Finding), Not> {
        let quote = self.quote(device, seen.enclave.sequence.u64()).await?;
        let height = seen.enclave.height.u64();
        let block = self.context.chain.block_hash(height).await.with_context(|| {
            format!("the hash of block {height} is not to be had: use a node that keeps it")
        })?;
        let evidence = Evidence { device, quote, block };
        let Judge { verifier, collateral, .. } = &self.judge;
        let chain = &*self.context.chain;
        let found = verify(chain, self.registry(), verifier, collateral, &evidence, latest);
        let mut finding = found.await?;
        let most = self.most().await?;
        finding.verified.not_after = finding.verified.not_after.min(most);
        Ok((evidence, finding))
    }

    /// Latest end that the registry takes now.
    async fn most(&self) -> anyhow::Result<u64> {
        let answer: AttestersResponse =
            self.context.chain.query(self.registry(), &QueryMsg::Attesters {}).await?;
        let now = crate::follow::seconds(self.head());
        Ok(now.saturating_add(answer.rules.most_secs.into()))
    }

    /// From this gateway's folder, or from the gateway of the device.
    async fn quote(&self, device: DeviceId, sequence: u64) -> anyhow::Result<Vec<u8>> {
        if let Some(quote) = self.quotes.find(device, sequence)? {
            return Ok(quote);
        }
        self.directory.quote(device, sequence).await.context("asking the device's gateway")
    }

    fn is_my_turn(&mut self, device: DeviceId, evidence: &Evidence, voices: &Voices) -> bool {
        let height = self.head().height;
        let work = [&device.0.to_be_bytes()[..], &evidence.block[..]].concat();
        let others = voices.all.iter().map(String::as_str);
        let others = others.filter(|one| Some(*one) != voices.contract.as_deref());
        let place = place(&work, self.context.signer.address(), others);
        self.turns.is_due(&work, height, place, PATIENCE)
    }

    async fn take_back(&self, device: DeviceId) -> anyhow::Result<()> {
        let msg = ExecuteMsg::RevokeAttestation { device };
        self.send(Msg::execute(self.registry(), &msg)?).await?;
        observe::attestation_taken_back(device);
        Ok(())
    }

    async fn send(&self, msg: Msg) -> anyhow::Result<()> {
        self.context.outbox.submit(Lane::Identity, vec![msg]).await?;
        Ok(())
    }
}
