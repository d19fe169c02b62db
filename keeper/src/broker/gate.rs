//! The door of the embedded broker: who may come in, and what they may say and hear.
//!
//! mqtt5 starts only with `allow_anonymous`, so refusing is done here, and nobody is anonymous.

use super::access::{may_publish, may_subscribe};
use super::login::{self, Refused};
use super::who::Who;
use crate::{observe, registrar, store::Store};
use caplet_protocol::{DeviceId, Domain, layout::PublicKey};
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::types::ReasonCode;
use sha2::{Digest as _, Sha256};
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

/// Where the door finds registered keys.
pub trait Keys: Send + Sync + 'static {
    /// The current signing key of a device of this gateway; `None` if it is not enrolled.
    ///
    /// # Errors
    /// If the keys cannot be read.
    fn key(&self, device: DeviceId) -> anyhow::Result<Option<PublicKey>>;
}

impl Keys for Store {
    fn key(&self, device: DeviceId) -> anyhow::Result<Option<PublicKey>> {
        Ok(registrar::device(self, device)?.map(|device| device.key))
    }
}

/// What logins are checked against.
#[derive(Clone)]
pub struct Gate {
    /// The key that devices name in their logins: the gateway's.
    pub broker: [u8; 32],
    /// The registry's domain.
    pub domain: Domain,
    /// Registered keys.
    pub keys: Arc<dyn Keys>,
    /// Password of the keeper itself, made anew at each start.
    pub(super) secret: String,
}

impl Gate {
    /// A door with a fresh secret for the keeper.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(broker: [u8; 32], domain: Domain, keys: Arc<dyn Keys>) -> anyhow::Result<Self> {
        let secret = hex::encode(crate::bridge::random::<32>()?);
        Ok(Self { broker, domain, keys, secret })
    }

    fn judge(&self, connect: &ConnectPacket) -> Result<(), Refused> {
        let id = connect.client_id.as_str();
        let who = Who::of(id).ok_or(Refused::ClientId)?;
        if connect.username.as_deref() != Some(id) {
            return Err(Refused::UserName);
        }
        let password = connect.password.as_deref().ok_or(Refused::Malformed)?;
        let key = match who {
            Who::Keeper => return self.is_secret(password),
            Who::Device(device) => self.registered(device)?,
            Who::Enrolling(hex) => enrolling(hex).ok_or(Refused::ClientId)?,
        };
        login::check(password, id, &key, self.broker, &self.domain, crate::bridge::now())?;
        match &connect.will {
            Some(will) if !may_publish(who, &will.topic) => Err(Refused::Will),
            _ => Ok(()),
        }
    }

    /// Digests are compared, so that the time it takes tells nothing of the secret.
    fn is_secret(&self, password: &[u8]) -> Result<(), Refused> {
        if Sha256::digest(password) == Sha256::digest(self.secret.as_bytes()) {
            Ok(())
        } else {
            Err(Refused::Secret)
        }
    }

    fn registered(&self, device: DeviceId) -> Result<PublicKey, Refused> {
        match self.keys.key(device) {
            Ok(Some(key)) => Ok(key),
            Ok(None) => Err(Refused::Unknown),
            Err(error) => {
                observe::broker_keys_unreadable(&error);
                Err(Refused::Unknown)
            }
        }
    }
}

fn enrolling(key: &str) -> Option<PublicKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(key, &mut bytes).ok()?;
    Some(PublicKey::ed25519(bytes))
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for Gate {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        client_addr: SocketAddr,
    ) -> Answer<'a, mqtt5::Result<AuthResult>> {
        let result = match self.judge(connect) {
            Ok(()) => AuthResult::success_with_user(connect.client_id.clone()),
            Err(why) => {
                observe::login_refused(&connect.client_id, client_addr, &why);
                AuthResult::fail(ReasonCode::NotAuthorized)
            }
        };
        Box::pin(ready(Ok(result)))
    }

    fn authorize_publish<'a>(
        &'a self,
        client_id: &str,
        user_id: Option<&'a str>,
        topic: &'a str,
    ) -> Answer<'a, bool> {
        Box::pin(ready(known(client_id, user_id).is_some_and(|who| may_publish(who, topic))))
    }

    fn authorize_subscribe<'a>(
        &'a self,
        client_id: &str,
        user_id: Option<&'a str>,
        topic_filter: &'a str,
    ) -> Answer<'a, bool> {
        let may = known(client_id, user_id).is_some_and(|who| may_subscribe(who, topic_filter));
        Box::pin(ready(may))
    }
}

/// The client as it logged in: its user name is its client id.
fn known<'a>(client_id: &'a str, user_id: Option<&str>) -> Option<Who<'a>> {
    if user_id == Some(client_id) { Who::of(client_id) } else { None }
}

/// Whether nobody comes in with lines that nobody has signed (client id, password, topic), and no two devices may speak
/// on one topic; what the fuzz targets run.
#[doc(hidden)]
#[must_use]
pub fn keeps_out(bytes: &[u8]) -> bool {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let [id, password, topic] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let (id, topic) = (String::from_utf8_lossy(id), String::from_utf8_lossy(topic));
    let Some(who) = Who::of(&id) else { return true };
    let _ = may_subscribe(who, &topic);
    let alone = match who {
        Who::Device(DeviceId(own)) => {
            let other = Who::Device(DeviceId(own.wrapping_add(1)));
            !(may_publish(who, &topic) && may_publish(other, &topic))
        }
        Who::Keeper | Who::Enrolling(_) => true,
    };
    let key = PublicKey::ed25519([0x66; 32]);
    alone && login::check(password, &id, &key, [5; 32], &Domain([6; 32]), 1_763_712_000).is_err()
}
