//! What attackers do.

/// An attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Nobody attacks.
    None,
    /// Forty new identities serve garbage.
    SybilSwarm,
    /// Eight devices buy a lease's worth of praise a day, with a payer of their own each, serve well for ten days and
    /// garbage from then on.
    WashTrading,
    /// The same with payers that take turns, so that no cap binds.
    CollusionRing,
    /// Eight devices serve garbage and come back under a new identity once they are suspended or a week old.
    Whitewashing,
    /// Eight devices serve well for a month and garbage from then on.
    SuddenDefection,
    /// Eight accounts burn fees with devices of their own and spend their voice on five rivals, whose leases they
    /// take and let expire.
    Badmouthing,
    /// Eight devices that serve garbage pay honest consumers for praise: the price back, and a twentieth of it.
    BoughtRatings,
    /// Eight devices like a badmouther's that buy as much and leave everybody alone: what its gain and damage are
    /// held against.
    Rivals,
    /// A third of the devices of a swarm, of wash traders and of defectors each, all at once.
    Mixed,
}

/// How an attacker's device behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// From which day on it serves garbage.
    pub(super) garbage_from: u32,
    /// Whether it buys a lease's worth of praise a day, in ten parts, since every part rates.
    pub(super) buys: bool,
    /// Payers that take turns in buying.
    pub(super) payers: usize,
    /// Whether it takes a new identity.
    pub(super) whitewash: bool,
    /// Whether those who praise it are honest consumers that are paid for it.
    pub(super) bribes: bool,
}

const NEVER: u32 = u32::MAX;

impl Attack {
    /// All that are counted in money.
    pub const ALL: [Self; 7] = [
        Self::SybilSwarm,
        Self::WashTrading,
        Self::CollusionRing,
        Self::Whitewashing,
        Self::SuddenDefection,
        Self::Badmouthing,
        Self::BoughtRatings,
    ];

    /// As tables call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SybilSwarm => "sybil swarm",
            Self::WashTrading => "wash trading",
            Self::CollusionRing => "collusion ring",
            Self::Whitewashing => "whitewashing",
            Self::SuddenDefection => "sudden defection",
            Self::Badmouthing => "badmouthing",
            Self::BoughtRatings => "bought ratings",
            Self::Rivals => "rivals",
            Self::Mixed => "mixed",
        }
    }

    /// The attackers' devices.
    pub(super) fn plans(self) -> Vec<Plan> {
        let garbage = Plan::default();
        let washes = Plan { garbage_from: 10, buys: true, payers: 1, ..garbage };
        let defects = Plan { garbage_from: 30, ..garbage };
        match self {
            Self::None => Vec::new(),
            Self::SybilSwarm => vec![garbage; 40],
            Self::WashTrading => vec![washes; 8],
            Self::CollusionRing => vec![Plan { payers: 8, ..washes }; 8],
            Self::Whitewashing => vec![Plan { whitewash: true, ..garbage }; 8],
            Self::SuddenDefection => vec![defects; 8],
            Self::Badmouthing | Self::Rivals => vec![Plan { garbage_from: NEVER, ..washes }; 8],
            Self::BoughtRatings => vec![Plan { payers: 40, bribes: true, ..washes }; 8],
            Self::Mixed => [vec![garbage; 5], vec![washes; 5], vec![defects; 5]].concat(),
        }
    }
}
