//! Pay follows quality: the consumer says at which rate it signs from now on.

use super::Client;
use crate::end::Stop;
use crate::host::RATE;
use crate::meter::locked;
use caplet_protocol::Bps;

impl Client {
    /// Signs at `rate` of the price for what is counted from now on, and says so ([`Client::tell_rate`]).
    ///
    /// # Errors
    /// [`Stop`] if it cannot be stored, and the old rate stays; or as [`Client::tell_rate`], and the new one holds.
    pub async fn reprice(&self, rate: Bps) -> Result<bool, Stop> {
        let from = {
            let mut payer = locked(&self.inner.parts.payer);
            let from = payer.meter().units;
            match payer.rate(from, rate) {
                Ok(true) => from,
                Ok(false) => return Ok(false),
                Err(error) => return Err(Stop::refused(error.to_string())),
            }
        };
        self.tell_rate(from, rate).await
    }

    /// Says that units from `from` on are signed for at `rate` of the price, as the payer does already. Whether the
    /// provider agrees: if it does not, what is withheld stays owed, and it serves no more than its risk cap bears. Said again
    /// it is agreed to again.
    ///
    /// # Errors
    /// [`Stop`] if the session is over or the connection fails: it is to be said again then.
    pub async fn tell_rate(&self, from: u64, rate: Bps) -> Result<bool, Stop> {
        let args = [&from.to_be_bytes()[..], &rate.0.to_be_bytes()].concat();
        let op = self.open_op(RATE, args, 0).await?;
        match op.outcome().await {
            Ok(_) => Ok(true),
            Err(Stop::Refused(_)) => Ok(false),
            Err(stop) => Err(stop),
        }
    }
}
