//! Both sides of leases.

use crate::chain::{BEGINNING, Chain};
use crate::topics::Heard;
use caplet_fabric::adapter::AnyAdapter;
use caplet_fabric::client::{Client, Finder, Parts};
use caplet_fabric::desk::Desk;
use caplet_fabric::host::{self, Account, Adapters, Host, Limits};
use caplet_fabric::lease::{ChainView as _, LeaseView, Party, Stage};
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::{Endpoint, Key, Peer};
use caplet_fabric::meter::{Payees, SharedPayee, SharedPayer};
use caplet_fabric::surface::{Attached, Place, Surface};
use caplet_fabric::{Service, Tariff};
use caplet_metering::{
    Allowed, Ed25519Key, Keys, Pace, Payee, PayeeState, Payer, PayerState, Proof, Risk, Sign,
    Terms, View, journal::Memory, sqlite,
};
use caplet_protocol::layout::{SessionHello, Voucher};
use caplet_protocol::sign::Signature;
use caplet_protocol::{Bps, DeviceId, Domain, Lane, LeaseId};
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The device that provides, in every world.
pub const PROVIDER: DeviceId = DeviceId(1);

/// What a world is like.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Base units served on credit.
    pub risk: u128,
    /// Units paid ahead.
    pub segment: u64,
    /// Links in which the consumer pays a segment; 0 for vouchers alone.
    pub links: u16,
    /// Share of what comes that the consumer checks.
    pub sample: Bps,
    /// Base units of a thousand units.
    pub price: u64,
    /// Most the lane pays, base units.
    pub cap: u64,
    /// Bytes of a unit.
    pub unit_bytes: u64,
    /// What a session may take up.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            risk: 0,
            segment: 200,
            links: 0,
            sample: Bps(0),
            price: 1_000,
            cap: 1_000_000,
            unit_bytes: 1_024,
            limits: Limits { look: Duration::from_millis(20), ..Limits::default() },
        }
    }
}

/// The stores of one lease, which outlive every process of a test.
#[derive(Clone, Default)]
pub struct Side {
    /// What the provider keeps.
    pub payee: Memory<PayeeState>,
    /// What the consumer keeps.
    pub payer: Memory<PayerState>,
}

/// What a device's gateway keeps of a lease that it serves no more.
#[derive(Clone, Default)]
pub struct Kept {
    payee: Option<SharedPayee>,
    journal: Memory<PayeeState>,
}

/// What the market's schedule lets a consumer take off: half the price at most, a quarter at a time.
pub const SCHEDULE: Allowed = Allowed { floor: Bps(5_000), step: Bps(2_500) };

/// Two gateways, a chain, leases between them.
pub struct World {
    /// The chain.
    pub chain: Arc<Chain>,
    /// The network, if links are in memory.
    pub network: Network,
    /// What the consumer's broker heard.
    pub heard: Arc<Heard>,
    /// The consumer's desk.
    pub desk: Desk,
    /// What the provider offers.
    pub adapters: Adapters,
    options: Options,
    ends: [Arc<dyn Endpoint>; 2],
    sides: Mutex<BTreeMap<LeaseId, Side>>,
    /// Payers' and payees' states on disk, once that is asked for.
    stores: OnceLock<[sqlite::Store; 2]>,
    payees: Arc<Mutex<BTreeMap<LeaseId, SharedPayee>>>,
    host: Mutex<Option<(CancellationToken, TaskTracker)>>,
    wanted: Mutex<BTreeMap<LeaseId, u128>>,
    measured: Mutex<BTreeMap<LeaseId, Account>>,
    ring: Ring,
}

/// The provider's payees, and what its settler asks for.
struct Lanes(Weak<World>);

impl Payees for Lanes {
    fn payee(&self, lease: &LeaseView) -> Result<SharedPayee, String> {
        match self.0.upgrade() {
            Some(world) => world.payee(lease),
            None => Err("the world is over".to_owned()),
        }
    }

    fn consolidated(&self, lease: &LeaseView) -> Option<u128> {
        let world = self.0.upgrade()?;
        let wanted = world.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.get(&lease.lease).copied()
    }

    fn measured(&self, lease: &LeaseView, account: &Account) {
        if let Some(world) = self.0.upgrade() {
            let mut measured = world.measured.lock().unwrap_or_else(PoisonError::into_inner);
            measured.insert(lease.lease, account.clone());
        }
    }

    fn kept(&self, lease: &LeaseView) -> host::Kept {
        let account = self.0.upgrade().and_then(|world| world.measured(lease.lease));
        let kept = |it: Account| host::Kept { word: it.word, disputed: it.disputed };
        account.map(kept).unwrap_or_default()
    }
}

/// Key of the consumer's end in memory.
pub const CONSUMER_END: Key = [0xC0; 32];
/// Key of the provider's end in memory.
pub const PROVIDER_END: Key = [0xB0; 32];

/// Keys of the consuming device, the one that it signs with last.
#[derive(Clone)]
struct Ring {
    keys: Arc<Mutex<Vec<SigningKey>>>,
    /// How many of them the provider's gateway has seen.
    seen: Arc<AtomicUsize>,
}

impl Default for Ring {
    fn default() -> Self {
        let first = SigningKey::from_bytes(&[7; 32]);
        Self { keys: Arc::new(Mutex::new(vec![first])), seen: Arc::new(AtomicUsize::new(1)) }
    }
}

impl Ring {
    fn all(&self) -> Vec<SigningKey> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sign for Ring {
    fn voucher(&self, voucher: &Voucher, domain: &Domain) -> Option<Signature> {
        self.all().last()?.voucher(voucher, domain)
    }

    fn hello(&self, hello: &SessionHello, domain: &Domain) -> Option<Signature> {
        self.all().last()?.hello(hello, domain)
    }

    fn signed(&self, preimage: &[u8; Voucher::LEN], signature: &Signature) -> bool {
        self.all().iter().any(|key| key.signed(preimage, signature))
    }
}

/// What the provider's gateway has seen of them.
struct Seen(Ring);

impl Keys for Seen {
    fn signed(&self, preimage: &[u8], signature: &Signature) -> bool {
        let seen = self.0.seen.load(Ordering::SeqCst);
        let keys = self.0.all();
        let known = |key: &SigningKey| Ed25519Key::new(&key.verifying_key().to_bytes());
        let mut known = keys.iter().take(seen).filter_map(known);
        known.any(|key| key.signed(preimage, signature))
    }
}

impl World {
    /// A world over links in memory, its host running.
    #[must_use]
    pub fn new(options: Options) -> Arc<Self> {
        let network = Network::default();
        let ends = [network.endpoint(CONSUMER_END), network.endpoint(PROVIDER_END)];
        Self::over(options, network, ends)
    }

    /// A world over links of another kind: the consumer's endpoint, the provider's.
    #[must_use]
    pub fn over(options: Options, network: Network, ends: [Arc<dyn Endpoint>; 2]) -> Arc<Self> {
        let world = Arc::new(Self {
            chain: Arc::default(),
            network,
            heard: Arc::default(),
            desk: Desk::default(),
            adapters: Adapters::default(),
            options,
            ends,
            sides: Mutex::default(),
            stores: OnceLock::new(),
            payees: Arc::default(),
            host: Mutex::default(),
            wanted: Mutex::default(),
            measured: Mutex::default(),
            ring: Ring::default(),
        });
        world.start_host();
        world
    }

    /// Keeps what both sides count and sign in files in a folder, as keepers do, instead of in memory; from
    /// the next session on. Once only.
    pub fn keep_on_disk(&self, folder: &Path) {
        let open = |name: &str| {
            let store = sqlite::Store::open(&folder.join(name), sqlite::Options::default());
            store.expect("a new file in a folder of the test's own can be made")
        };
        self.stores.get_or_init(|| [open("payers.db"), open("payees.db")]);
    }

    /// Starts the provider's process: what it keeps in memory is new, what it keeps on disk is not.
    pub fn start_host(self: &Arc<Self>) {
        self.start_host_at(Arc::clone(&self.ends[1]));
    }

    fn start_host_at(self: &Arc<Self>, endpoint: Arc<dyn Endpoint>) {
        self.payees.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let payees = Lanes(Arc::downgrade(self));
        let host = Host::new(
            Arc::clone(&self.chain) as _,
            Arc::new(payees),
            self.adapters.clone(),
            self.options.limits,
            stop.clone(),
        );
        tasks.spawn(async move { host.run(endpoint).await });
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Some((stop, tasks));
    }

    /// Ends the provider's process cleanly.
    pub async fn stop_host(&self) {
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, tasks)) = host {
            stop.cancel();
            tasks.close();
            tasks.wait().await;
        }
    }

    /// Ends it as a power cut does: links break, and nothing more is stored.
    pub async fn kill_host(&self) {
        self.payees.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.network.cut();
        self.stop_host().await;
    }

    /// Opens a lease of a service on chain, for an hour.
    pub fn lease(&self, id: u64, service: Service) -> LeaseView {
        let at = self.chain.now();
        let lease = LeaseView {
            lease: LeaseId(id),
            lane: Lane(0),
            escrow: Domain([9; 32]),
            service,
            consumer: Party { device: DeviceId(2), endpoints: vec![self.ends[0].key()] },
            provider: Party { device: PROVIDER, endpoints: vec![self.ends[1].key()] },
            stage: Stage::Open,
            start: BEGINNING / 1_000,
            end: BEGINNING / 1_000 + 3_600,
            money: View { at, redeemed: 0, cap: self.options.cap },
            unit_bytes: self.options.unit_bytes,
            allowed: Some(SCHEDULE),
        };
        self.chain.put(lease.clone());
        lease
    }

    /// Offers an adapter.
    pub fn offer(&self, adapter: Arc<dyn AnyAdapter>) {
        self.adapters.register(PROVIDER, adapter);
    }

    /// Has another device behind the same endpoint serve a lease, with nothing of what the one before kept; which
    /// is what is returned.
    pub fn pass_on(&self, lease: LeaseId, to: DeviceId) -> Kept {
        self.take_back(lease, to, Kept::default())
    }

    /// Has a device serve a lease with what it kept of it.
    pub fn take_back(&self, lease: LeaseId, to: DeviceId, kept: Kept) -> Kept {
        self.chain.serve_by(lease, to);
        let mut payees = self.payees.lock().unwrap_or_else(PoisonError::into_inner);
        let payee = match kept.payee {
            Some(payee) => payees.insert(lease, payee),
            None => payees.remove(&lease),
        };
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        let journal = std::mem::replace(&mut sides.entry(lease).or_default().payee, kept.journal);
        Kept { payee, journal }
    }

    /// Has the consuming device sign with another key from now on, which the provider's gateway has not seen.
    pub fn rotate(&self, key: SigningKey) {
        self.ring.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
    }

    /// Has the provider's gateway see the device's keys as they are.
    pub fn see_keys(&self) {
        self.ring.seen.store(self.ring.all().len(), Ordering::SeqCst);
    }

    /// Has the provider's gateway be at another endpoint, whose key its device has granted in place of the one before.
    pub fn move_host(self: &Arc<Self>, lease: &LeaseView, to: Arc<dyn Endpoint>) -> Peer {
        let peer = Peer { key: to.key(), addresses: to.addresses(), relay: None };
        let provider = Party { endpoints: vec![to.key()], ..lease.provider.clone() };
        self.chain.put(LeaseView { provider, ..lease.clone() });
        self.start_host_at(to);
        peer
    }

    /// Has the provider's settler ask for what was paid by links as a voucher without any.
    pub fn want_consolidated(&self, lease: LeaseId, amount: u128) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.insert(lease, amount);
    }

    /// What the provider's host has measured of a lease, as it last said.
    #[must_use]
    pub fn measured(&self, lease: LeaseId) -> Option<Account> {
        let measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.get(&lease).cloned()
    }

    /// The best voucher that the consumer has signed.
    #[must_use]
    pub fn signed(&self, lease: LeaseId) -> Option<Proof> {
        use caplet_metering::Journal as _;
        self.side(lease).payer.load().ok().flatten()?.best
    }

    /// The best voucher that the provider has on disk.
    #[must_use]
    pub fn best(&self, lease: LeaseId) -> Option<Proof> {
        use caplet_metering::Journal as _;
        self.side(lease).payee.load().ok().flatten()?.best
    }

    /// The stores of a lease.
    pub fn side(&self, lease: LeaseId) -> Side {
        let mut sides = self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        sides.entry(lease).or_default().clone()
    }

    fn terms(&self, lease: &LeaseView) -> Terms {
        Terms {
            domain: lease.escrow,
            lease: lease.lease,
            lane: lease.lane,
            price: self.options.price,
            lot: NonZeroU64::new(1_000).unwrap_or(NonZeroU64::MIN),
            exposure_cap: self.options.cap,
            tolerance: Bps(100),
            grace_ms: 2_000,
            pace: Pace::vouchers(self.options.segment),
        }
    }

    fn payee(&self, lease: &LeaseView) -> Result<SharedPayee, String> {
        let mut payees = self.payees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(payee) = payees.get(&lease.lease) {
            return Ok(Arc::clone(payee));
        }
        let key = Seen(self.ring.clone());
        let (terms, risk) = (self.terms(lease), Risk { cap: self.options.risk });
        let payee: SharedPayee = if let Some([_, store]) = self.stores.get() {
            let journal = store.journal::<PayeeState>(lease.lease, lease.lane);
            let payee = Payee::open(terms, risk, key, journal, lease.money);
            Arc::new(Mutex::new(payee.map_err(|e| e.to_string())?))
        } else {
            let journal = self.side(lease.lease).payee;
            let payee = Payee::open(terms, risk, key, journal, lease.money);
            Arc::new(Mutex::new(payee.map_err(|e| e.to_string())?))
        };
        payees.insert(lease.lease, Arc::clone(&payee));
        Ok(payee)
    }

    /// The consumer's payer, from what its store holds.
    #[must_use]
    pub fn payer(&self, lease: &LeaseView) -> SharedPayer {
        let (terms, secret) = (self.terms(lease), [3; 32]);
        let terms = Terms { pace: terms.pace.with_chain(self.options.links), ..terms };
        if let Some([store, _]) = self.stores.get() {
            let journal = store.journal::<PayerState>(lease.lease, lease.lane);
            let payer = Payer::open(terms, self.ring.clone(), secret, journal, lease.money);
            return Arc::new(Mutex::new(payer.expect("a file of the test's own can be read")));
        }
        let journal = self.side(lease.lease).payer;
        let payer = Payer::open(terms, self.ring.clone(), secret, journal, lease.money);
        Arc::new(Mutex::new(payer.expect("a journal in memory can be read")))
    }

    /// Where the provider is dialled.
    #[must_use]
    pub fn provider(&self) -> Peer {
        let end = &self.ends[1];
        Peer { key: end.key(), addresses: end.addresses(), relay: None }
    }

    /// A session on a lease.
    #[must_use]
    pub fn client(&self, lease: &LeaseView, tariff: Tariff) -> Client {
        self.client_by(lease, tariff, Arc::new(self.provider()))
    }

    /// A session whose provider is found so.
    #[must_use]
    pub fn client_by(&self, lease: &LeaseView, tariff: Tariff, finder: Arc<dyn Finder>) -> Client {
        Client::attach(self.parts(lease, tariff, finder))
    }

    /// A session that pays nothing on a connection before that is trusted.
    #[must_use]
    pub fn wary(&self, lease: &LeaseView, tariff: Tariff) -> Client {
        Client::wary(self.parts(lease, tariff, Arc::new(self.provider())))
    }

    fn parts(&self, lease: &LeaseView, tariff: Tariff, finder: Arc<dyn Finder>) -> Parts {
        Parts {
            endpoint: Arc::clone(&self.ends[0]),
            finder,
            lease: lease.clone(),
            tariff,
            payer: self.payer(lease),
            view: Arc::clone(&self.chain) as _,
            sample: self.options.sample,
        }
    }

    /// Makes a lease look local.
    pub async fn attach(&self, lease: &LeaseView, surface: &dyn Surface, alias: &str) -> Attached {
        let tariff = surface.tariff();
        let client =
            if surface.is_wary() { self.wary(lease, tariff) } else { self.client(lease, tariff) };
        let topics = Arc::clone(&self.heard) as _;
        let place = Place { alias: alias.into(), desk: self.desk.clone(), topics };
        surface.attach(client, place).await.expect("a fresh alias attaches")
    }

    /// Serves the desk over HTTP; its base URL.
    pub async fn http(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let router = self.desk.router();
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// Units that the provider counts as served.
    #[must_use]
    pub fn served(&self, lease: LeaseId) -> u64 {
        use caplet_metering::Journal as _;
        let state = self.side(lease).payee.load().ok().flatten();
        state.map_or(0, |state| state.served)
    }

    /// Base units that the provider can settle.
    #[must_use]
    pub fn paid(&self, lease: LeaseId) -> u128 {
        use caplet_metering::Journal as _;
        self.side(lease).payee.load().ok().flatten().map_or(0, |state| state.worth())
    }
}
