//! Random messages by several parties, some hostile, against a model that says which may succeed.

use crate::parties::signer;
use crate::suite::Suite;
use caplet_api::registry::{DeviceStatus, ExecuteMsg};
use caplet_protocol::DeviceId;
use cw_multi_test::IntoAddr;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PARTIES: [&str; 4] = ["alice", "bob", "mallory", "gw"];

#[derive(Clone, Debug)]
enum Act {
    /// A key, its owner, a gateway, and whose key signs the proof.
    Register {
        key: usize,
        owner: usize,
        gateway: usize,
        signs: usize,
    },
    /// Sender, device, new key, epoch above the present one, whose key consents, compromised.
    Rotate {
        sender: usize,
        device: u32,
        key: usize,
        step: u32,
        consents: Option<usize>,
        leaked: bool,
    },
    Status {
        sender: usize,
        device: u32,
        status: DeviceStatus,
    },
    Move {
        sender: usize,
        device: u32,
        gateway: usize,
    },
    Announce {
        device: u32,
        key: usize,
        sequence: u64,
    },
    Gateway {
        who: usize,
        sequence: u64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let (party, key, device) = (0usize..4, 0usize..6, 1u32..4);
    prop_oneof![
        3 => (key.clone(), party.clone(), 2usize..4, prop_oneof![3 => Just(None), 1 => key.clone().prop_map(Some)])
            .prop_map(|(key, owner, gateway, signs)| Act::Register { key, owner, gateway, signs: signs.unwrap_or(key) }),
        3 => (party.clone(), device.clone(), key.clone(), 0u32..3, proptest::option::of(key.clone()), any::<bool>())
            .prop_map(|(sender, device, key, step, consents, leaked)| Act::Rotate { sender, device, key, step, consents, leaked }),
        2 => (party.clone(), device.clone(), prop_oneof![4 => Just(DeviceStatus::Active), 4 => Just(DeviceStatus::Frozen), 1 => Just(DeviceStatus::Retired)])
            .prop_map(|(sender, device, status)| Act::Status { sender, device, status }),
        1 => (party.clone(), device.clone(), 2usize..4).prop_map(|(sender, device, gateway)| Act::Move { sender, device, gateway }),
        2 => (device, key, 0u64..4).prop_map(|(device, key, sequence)| Act::Announce { device, key, sequence }),
        1 => (party, 0u64..4).prop_map(|(who, sequence)| Act::Gateway { who, sequence }),
    ]
}

struct Known {
    owner: usize,
    key: usize,
    epoch: u32,
    status: DeviceStatus,
    profile: Option<u64>,
}

#[derive(Default)]
struct Model {
    devices: BTreeMap<u32, Known>,
    taken: BTreeSet<usize>,
    gateways: BTreeMap<usize, u64>,
}

fn name(key: usize) -> String {
    format!("key {key}")
}

impl Model {
    fn alive(&mut self, device: u32) -> Option<&mut Known> {
        self.devices.get_mut(&device).filter(|known| known.status != DeviceStatus::Retired)
    }

    /// Whether the act may succeed; if so it is done.
    fn apply(&mut self, act: &Act) -> bool {
        self.try_apply(act).is_some()
    }

    fn try_apply(&mut self, act: &Act) -> Option<()> {
        match *act {
            Act::Register { key, owner, gateway, signs } => {
                let fine = signs == key && !self.taken.contains(&key);
                (fine && self.gateways.contains_key(&gateway)).then_some(())?;
                self.taken.insert(key);
                let number = u32::try_from(self.devices.len()).unwrap() + 1;
                let status = DeviceStatus::Active;
                self.devices.insert(number, Known { owner, key, epoch: 0, status, profile: None });
            }
            Act::Rotate { sender, device, key, step, consents, leaked } => {
                let free = !self.taken.contains(&key);
                let known = self.alive(device)?;
                let may = known.owner == sender || (!leaked && consents == Some(known.key));
                (may && free && step == 1).then_some(())?;
                *known = Known {
                    key,
                    epoch: known.epoch + 1,
                    profile: known.profile.filter(|_| !leaked),
                    ..*known
                };
                self.taken.insert(key);
            }
            Act::Status { sender, device, status } => {
                let known = self.alive(device).filter(|known| known.owner == sender)?;
                known.status = status;
            }
            Act::Move { sender, device, gateway } => {
                self.gateways.get(&gateway)?;
                self.alive(device).filter(|known| known.owner == sender)?;
            }
            Act::Announce { device, key, sequence } => {
                let known = self.alive(device).filter(|known| known.key == key)?;
                known.profile.is_none_or(|last| sequence > last).then_some(())?;
                known.profile = Some(sequence);
            }
            Act::Gateway { who, sequence } => {
                self.gateways.get(&who).is_none_or(|last| sequence > *last).then_some(())?;
                self.gateways.insert(who, sequence);
            }
        }
        Some(())
    }

    /// The message of an act, as its party would build it knowing the chain.
    fn message(&self, suite: &Suite, act: &Act) -> (&'static str, ExecuteMsg) {
        let late = suite.now() + 1000;
        let domain = &suite.domain;
        let address = |party: usize| PARTIES[party].into_addr().to_string();
        match *act {
            Act::Register { key, owner, gateway, signs } => {
                let mut item = suite.registration(&name(key), PARTIES[owner], PARTIES[gateway]);
                if signs != key {
                    item.proof =
                        suite.registration(&name(signs), PARTIES[owner], PARTIES[gateway]).proof;
                }
                ("relayer", ExecuteMsg::Register { devices: vec![item] })
            }
            Act::Rotate { sender, device, key, step, consents, leaked } => {
                let epoch = self.devices.get(&device).map_or(0, |known| known.epoch) + step;
                let mut input = signer(&name(key)).rotation(domain, device, epoch);
                let preimage = signer(&name(key)).rotation_preimage(domain, device, epoch);
                input.consent = consents.map(|key| signer(&name(key)).sign(&preimage));
                input.compromised = leaked;
                (PARTIES[sender], ExecuteMsg::Rotate(input))
            }
            Act::Status { sender, device, status } => {
                (PARTIES[sender], ExecuteMsg::SetStatus { device: DeviceId(device), status })
            }
            Act::Move { sender, device, gateway } => (
                PARTIES[sender],
                ExecuteMsg::MoveGateway { device: DeviceId(device), gateway: address(gateway) },
            ),
            Act::Announce { device, key, sequence } => {
                let profile = signer(&name(key)).profile(domain, device, sequence, late);
                ("relayer", ExecuteMsg::Announce { profiles: vec![profile] })
            }
            Act::Gateway { who, sequence } => {
                let account = suite.account(PARTIES[who]).unwrap();
                let input = signer(PARTIES[who]).endpoint(domain, account, sequence, late);
                (PARTIES[who], ExecuteMsg::RegisterGateway(input))
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_may_succeed_does_and_nothing_else(acts in proptest::collection::vec(act(), 1..40)) {
        let mut suite = Suite::new();
        for party in PARTIES {
            suite.open_account(party);
        }
        let mut model = Model::default();
        model.gateways.insert(3, 1);
        let gateway = signer("gw").endpoint(&suite.domain, suite.account("gw").unwrap(), 1, suite.now() + 1000);
        suite.send("gw", &ExecuteMsg::RegisterGateway(gateway)).unwrap();

        for act in acts {
            let (sender, msg) = model.message(&suite, &act);
            let outcome = suite.send(sender, &msg);
            prop_assert_eq!(outcome.is_ok(), model.apply(&act), "{:?}: {:?}", act, outcome);
            for (number, known) in &model.devices {
                let device = suite.device(*number);
                prop_assert_eq!(device.owner.address, PARTIES[known.owner].into_addr().to_string());
                prop_assert_eq!((device.key, device.key_epoch, device.status), (signer(&name(known.key)).key(), known.epoch, known.status));
                prop_assert_eq!(device.profile.map(|profile| profile.sequence.u64()), known.profile);
            }
        }
    }
}
