//! Books followed by events are the books of the chain.

use super::races::history;
use super::stage::{Device, MARKET, PAYER, PROVIDER, Stage, cancel, demand, offer, place, until};
use caplet::book::{Books, Take};
use caplet::keeper::Keeper;
use caplet::matcher::solve;
use caplet_api::auction::{DemandInput, ExecuteMsg as Auction};
use caplet_chain::Chain as _;
use caplet_clearing::Vector;
use caplet_protocol::layout::{OrderFlags, Side};
use caplet_protocol::{CellId, OrderId};
use std::time::Duration;

/// A small generator (xorshift64), so that a failing run repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Random traders, and a book that follows them.
struct Life {
    stage: Stage,
    keeper: Keeper,
    providers: Vec<Device>,
    payers: Vec<Device>,
    sequence: u32,
    dice: Dice,
    cleared: u32,
}

impl Life {
    async fn new(seed: u64) -> Self {
        let stage = Stage::by_transaction().await;
        let mut providers = Vec::new();
        let mut payers = Vec::new();
        for n in 0..3 {
            providers.push(stage.device(20 + n, PROVIDER, 1 + n % 2).await);
            payers.push(stage.device(30 + n, PAYER, 1 + n % 2).await);
        }
        let idle = |config: &mut caplet::config::Config| {
            config.roles.matcher = false;
            config.roles.settler = false;
        };
        let keeper = stage.keeper(1, idle).await;
        Self { stage, keeper, providers, payers, sequence: 0, dice: Dice(seed), cleared: 0 }
    }

    fn books(&self) -> &Books {
        self.keeper.books()
    }

    async fn step(&mut self) {
        match self.dice.below(10) {
            0..=2 => self.offers().await,
            3..=5 => self.demands().await,
            6 => self.cancel().await,
            7 => self.take().await,
            8 => drop(self.stage.chain.produce(Duration::from_millis(700)).await.unwrap()),
            _ => self.clear().await,
        }
        let head = self.stage.chain.head().await.unwrap().height;
        let books = self.books();
        until("the books to follow", async || (books.head().height >= head).then_some(())).await;
    }

    async fn offers(&mut self) {
        let mut offers = Vec::new();
        for n in 0..=self.dice.below(3) {
            self.sequence += 1;
            let device = &self.providers[(n as usize + self.sequence as usize) % 3];
            let (ticks, batch) = (60 + self.dice.below(60), self.dice.below(4) as u16);
            offers.push(offer(device, self.sequence, ticks, batch, 1 + self.dice.below(3) as u16));
        }
        self.stage.auction(PROVIDER, &place(offers, vec![])).await;
    }

    async fn demands(&mut self) {
        let mut demands = Vec::new();
        for n in 0..=self.dice.below(3) {
            self.sequence += 1;
            let device = &self.payers[(n as usize + self.sequence as usize) % 3];
            let (ticks, lots) = (60 + self.dice.below(60), 1 + self.dice.below(3) as u16);
            let mut wanted = demand(device, self.sequence, ticks, lots);
            (wanted.rho, wanted.lambda) =
                (self.dice.below(2) as u16 * 10, self.dice.below(3) as u16 * 50);
            demands.push(wanted);
        }
        self.stage.auction(PAYER, &place(vec![], demands)).await;
    }

    /// Any open order of either side; many are in a frozen book at the time.
    async fn cancel(&mut self) {
        let of = |side| {
            let books = self.books();
            let of = |device: &Device| match side {
                Side::Offer => books.offers_of(MARKET, device.id),
                Side::Demand => books.demands_of(MARKET, device.id),
            };
            let devices = if side == Side::Offer { &self.providers } else { &self.payers };
            devices.iter().flat_map(of).map(|order| order.id).collect::<Vec<OrderId>>()
        };
        let (offers, demands) = (of(Side::Offer), of(Side::Demand));
        let take_offer = self.dice.below(2) == 0;
        let (side, orders, owner) = if take_offer {
            (Side::Offer, offers, PROVIDER)
        } else {
            (Side::Demand, demands, PAYER)
        };
        if let Some(id) = orders.get(self.dice.below(orders.len().max(1) as u64) as usize) {
            self.stage.auction(owner, &cancel(side, *id)).await;
        }
    }

    /// Takes what the book calls the best posted offer; the contract must agree on price and limit.
    async fn take(&mut self) {
        let (payer, limit) = (&self.payers[0], 400 * super::stage::TICK);
        let vector = Vector { cell: CellId(1), ..Vector::default() };
        let take = Take { device: payer.id, vector, limit, lots: 1, now: self.stage.now() };
        let Some(choice) = self.books().best(MARKET, &take) else { return };
        self.sequence += 1;
        // A limit of exactly what the book says it takes, in whole ticks: a cent less would be refused.
        let bears = choice.bears().div_ceil(super::stage::TICK);
        let wanted = demand(payer, self.sequence, bears, 1);
        let offer = choice.offer.id.to_u64().into();
        self.stage
            .auction(PAYER, &Auction::Take { offer, demand: wanted, market: MARKET, lease: None })
            .await;
    }

    /// Clears what may be cleared, unless the epoch ends with the next block.
    async fn clear(&mut self) {
        let head = self.stage.chain.head().await.unwrap();
        let at = |ms: u64| (head.time_ns / 1_000_000 + ms) / 1_000;
        let books = self.books();
        let Some(epoch) = books.clearable(at(0)).get(&MARKET).copied() else { return };
        if books.clearable(at(200)).get(&MARKET) != Some(&epoch) {
            return;
        }
        let Some(book) = books.frozen(MARKET, epoch) else { return };
        if let Some(solution) = solve(&book).unwrap() {
            self.stage.auction(1, &solution.message(MARKET, epoch)).await;
            self.cleared += 1;
        }
    }

    /// The followed books against books read from nothing but state.
    async fn compare(&self) {
        let fresh = Books::start(self.keeper.context()).await.unwrap();
        let (books, now) = (self.books(), self.stage.now());
        assert_eq!(books.clearable(now), fresh.clearable(now));
        let epoch = books.clearable(now).get(&MARKET).copied();
        for epoch in epoch.into_iter().chain(epoch.map(|epoch| epoch + 1)) {
            assert_eq!(books.frozen(MARKET, epoch), fresh.frozen(MARKET, epoch), "epoch {epoch}");
        }
        assert_eq!(books.sheet(MARKET), fresh.sheet(MARKET));
        for device in self.providers.iter().chain(&self.payers) {
            assert_eq!(books.offers_of(MARKET, device.id), fresh.offers_of(MARKET, device.id));
            assert_eq!(books.demands_of(MARKET, device.id), fresh.demands_of(MARKET, device.id));
        }
    }
}

async fn live(seed: u64) {
    let mut life = Life::new(seed).await;
    for step in 0..160 {
        life.step().await;
        if step % 8 == 0 {
            life.compare().await;
        }
    }
    life.compare().await;
    life.stage.check_money().await;
    assert!(life.cleared > 3, "seed {seed} cleared {} epochs only", life.cleared);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_followed_book_is_the_chains_and_the_contract_accepts_its_clearings() {
    for seed in [0x9e37_79b9, 0x7f4a_7c15, 0xdead_beef] {
        live(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_during_the_freeze_voids_no_clearing() {
    let mut life = Life::new(1).await;
    let (seller, buyer) = (&life.providers[0], &life.payers[0]);
    life.stage.auction(PROVIDER, &place(vec![offer(seller, 1, 60, 1, 0)], vec![])).await;
    life.stage.auction(PAYER, &place(vec![], vec![demand(buyer, 2, 120, 1)])).await;
    // Into the first tenth of a second of the next epoch.
    let books = life.keeper.books().clone();
    let before = books.clearable(life.stage.now());
    while books.clearable(life.stage.now()) == before {
        life.stage.chain.produce(Duration::from_millis(100)).await.unwrap();
    }
    let head = life.stage.chain.head().await.unwrap().height;
    until("the books to follow", async || (books.head().height >= head).then_some(())).await;
    let id = books.offers_of(MARKET, seller.id)[0].id;
    life.stage.auction(PROVIDER, &cancel(Side::Offer, id)).await;
    let head = life.stage.chain.head().await.unwrap().height;
    until("the books to follow", async || (books.head().height >= head).then_some(())).await;
    // Gone for whoever looks at open orders, and still in the frozen book.
    assert!(books.offers_of(MARKET, life.providers[0].id).is_empty());
    life.compare().await;
    life.clear().await;
    assert_eq!(life.cleared, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_served_a_standing_order_last_is_to_serve_it_again() {
    let stage = Stage::running().await;
    let keeper = stage.keeper(1, |_| ()).await;
    let seller = stage.device(20, PROVIDER, 1).await;
    let buyer = stage.device(30, PAYER, 1).await;
    let wanted = |sequence, ticks, flags| DemandInput {
        flags: OrderFlags(flags),
        ..demand(&buyer, sequence, ticks, 1)
    };
    let standing = OrderFlags::STANDING;
    stage.auction(PROVIDER, &place(vec![offer(&seller, 1, 60, 5, 0)], vec![])).await;
    stage.auction(PAYER, &place(vec![], vec![wanted(1, 120, standing)])).await;
    until("the lease", async || (history(&stage).await.1 == 1).then_some(())).await;
    // asks too little to be filled, so it stays in the book
    stage.auction(PAYER, &place(vec![], vec![wanted(2, 20, 0)])).await;
    let pairs = || {
        let books = keeper.books();
        let market = books.markets().into_iter().find(|m| m.market == MARKET).unwrap();
        let passed = stage.now().saturating_sub(market.genesis.u64());
        let next = passed / u64::from(market.config.epoch_secs) + 1;
        (books.demands_of(MARKET, buyer.id).len(), books.partners(MARKET, next as u32))
    };
    until("the book to have a demand", async || (pairs().0 == 1).then_some(())).await;
    assert!(pairs().1.is_empty(), "an order for once has no partner");
    stage.auction(PAYER, &place(vec![], vec![wanted(3, 20, standing)])).await;
    let known = until("the books to know who served it", async || {
        Some(pairs().1).filter(|pairs| !pairs.is_empty())
    })
    .await;
    assert_eq!(known, [(seller.id, buyer.id)].into());
}
