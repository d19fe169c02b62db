//! Registry: owners, gateways, devices, keys, profiles, grants.

use crate::common::{AdminMsg, Key};
use caplet_protocol::{AccountId, CellId, DeviceId};
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Binary, HexBinary, Uint64};

/// Most devices, profiles or grants in one message.
pub const MAX_BATCH: usize = 100;

/// Parameters of a new registry.
#[cw_serde]
pub struct InstantiateMsg {
    /// Governance; the sender when absent.
    pub owner: Option<String>,
}

/// What one may ask of the registry.
#[cw_serde]
pub enum ExecuteMsg {
    /// Numbers an address. Anyone, for anyone; a second time changes nothing.
    OpenAccount {
        /// Whom to number; the sender when absent.
        address: Option<String>,
    },
    /// Publishes where the sender's gateway is dialled; opens its account if need be.
    RegisterGateway(EndpointInput),
    /// Puts a gateway into a network region, and with it the devices that register there. Owner only.
    AssignCell {
        /// The gateway's address.
        gateway: String,
        /// The region.
        cell: CellId,
    },
    /// Notes round-trip times that the sender's gateway measured to other gateways over the exchange. A gateway
    /// in a cell only; of what a gateway is measured by others nothing comes from itself.
    Measure {
        /// At most 64.
        entries: Vec<RttInput>,
    },
    /// Puts a gateway into the cell that it is nearest to as others measured it: the cell with the least median,
    /// over at least [`MIN_REPORTERS`] gateways of different accounts in it. Anyone.
    Locate {
        /// The gateway's address.
        gateway: String,
    },
    /// Registers devices with proof of possession of their keys. Anyone.
    Register {
        /// At most [`MAX_BATCH`].
        devices: Vec<Registration>,
    },
    /// Records profiles by digest. Anyone; the device's signature counts.
    Announce {
        /// At most [`MAX_BATCH`].
        profiles: Vec<ProfileInput>,
    },
    /// Changes a device's keys. The owner, or anyone with the old key's signature.
    Rotate(RotateInput),
    /// Records delegations to gateway keys. Anyone; the device's signature counts.
    Grant {
        /// At most [`MAX_BATCH`].
        grants: Vec<GrantInput>,
    },
    /// Freezes, thaws or retires a device. Its owner only.
    SetStatus {
        /// The device.
        device: DeviceId,
        /// Its new status; [`DeviceStatus::Retired`] is for good.
        status: DeviceStatus,
    },
    /// Moves a device to another gateway and its cell. Its owner only.
    MoveGateway {
        /// The device.
        device: DeviceId,
        /// The gateway's address.
        gateway: String,
    },
    /// Names the enclave that works for a device; what was attested of the last one is void. Anyone; the signatures of the
    /// device and of the enclave count.
    RegisterEnclave(EnclaveInput),
    /// Appoints an attester, or dismisses it with weight 0. Owner only.
    SetAttester {
        /// Its address: an account, or a contract that verifies.
        attester: String,
        /// What its word weighs against the threshold.
        weight: u8,
    },
    /// How much weight makes a device attested, and for how long at most. Owner only.
    SetAttestationRules(AttestationRules),
    /// An attester says what it verified of a device's enclave. Attesters only.
    Attest(AttestInput),
    /// Takes attestations back: an attester its own, the device's owner and governance all.
    RevokeAttestation {
        /// The device.
        device: DeviceId,
    },
    /// Counts a device's attestations as of now: what has ended, or whose attester was dismissed, counts no more. Anyone.
    Recount {
        /// The device.
        device: DeviceId,
    },
    /// Ownership and pause. A paused registry registers nobody; rotation and retiring go on.
    Admin(AdminMsg),
}

/// A device as it asks to be registered.
#[cw_serde]
pub struct Registration {
    /// Signing key; canonical and torsion-free, never registered before.
    pub key: Key,
    /// X25519 sealing key, 32 bytes.
    pub sealing: Option<Binary>,
    /// Address of the owner, which the proof names.
    pub owner: String,
    /// Address of the gateway that serves it; it gives the device its cell.
    pub gateway: String,
    /// Signature over `layout::Possession`.
    pub proof: Binary,
}

/// Where a gateway is dialled.
#[cw_serde]
pub struct EndpointInput {
    /// ed25519 endpoint key.
    pub key: Binary,
    /// Raw address list (protobuf `Endpoint`), at most 1 KiB; only its digest is stored, the event carries it.
    pub addresses: Binary,
    /// Above the last record's.
    pub sequence: Uint64,
    /// Unix seconds.
    pub not_after: Uint64,
    /// The endpoint key's signature over `layout::EndpointRecord`.
    pub signature: Binary,
}

/// A profile by digest.
#[cw_serde]
pub struct ProfileInput {
    /// The device.
    pub device: DeviceId,
    /// SHA-256 of the raw profile.
    pub digest: Binary,
    /// Above the last profile's.
    pub sequence: Uint64,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Signature over `layout::ProfileStatement`.
    pub signature: Binary,
}

/// New keys for a device.
#[cw_serde]
pub struct RotateInput {
    /// The device.
    pub device: DeviceId,
    /// The key epoch that begins.
    pub epoch: u32,
    /// New signing key.
    pub key: Key,
    /// New sealing key.
    pub sealing: Option<Binary>,
    /// The new key's signature over `layout::Rotation`.
    pub proof: Binary,
    /// The old key's signature over the same; not needed when the owner sends the message.
    pub consent: Option<Binary>,
    /// The old key is no longer trusted: it gets no settle window. Owner only.
    pub compromised: bool,
}

/// A delegation.
#[cw_serde]
pub struct GrantInput {
    /// The device.
    pub device: DeviceId,
    /// The gateway's key.
    pub delegate: Key,
    /// Bits of `layout::Grant`; 0 revokes.
    pub scopes: u8,
    /// Base units.
    pub spend_cap: Uint64,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Above the last grant's to this delegate.
    pub epoch: u32,
    /// The device's signature over `layout::Grant`.
    pub signature: Binary,
}

/// Most attesters at a time.
pub const MAX_ATTESTERS: u32 = 16;

/// An enclave that works for a device.
#[cw_serde]
pub struct EnclaveInput {
    /// The device.
    pub device: DeviceId,
    /// Above the last enclave's.
    pub sequence: Uint64,
    /// The enclave's X25519 key.
    pub sealing: Binary,
    /// The enclave's ed25519 key; canonical and torsion-free.
    pub signing: Binary,
    /// The device's signature over `layout::EnclaveStatement`.
    pub signature: Binary,
    /// The enclave's signature over the same.
    pub consent: Binary,
}

/// What makes a device attested.
#[cw_serde]
pub struct AttestationRules {
    /// Weight of attesters that agree on the measurement; at least 1.
    pub threshold: u16,
    /// Most seconds an attestation may be good for, from the block that notes it; at least 60.
    pub most_secs: u32,
}

/// What an attester verified.
#[cw_serde]
pub struct AttestInput {
    /// The device.
    pub device: DeviceId,
    /// Sequence of the enclave that was verified: another one's attestation does not pass to it.
    pub sequence: Uint64,
    /// What it measures, 32 bytes.
    pub measurement: Binary,
    /// SHA-256 of the quote.
    pub evidence: Binary,
    /// Unix seconds after which it is void.
    pub not_after: Uint64,
}

/// What a device may do.
#[cw_serde]
#[derive(Copy, Eq)]
#[repr(u8)]
pub enum DeviceStatus {
    /// Trades and serves.
    Active = 1,
    /// Its owner's maintenance pause: opens no new lease.
    Frozen = 2,
    /// Gone for good.
    Retired = 3,
}

impl DeviceStatus {
    /// The status with this number.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Active,
            2 => Self::Frozen,
            3 => Self::Retired,
            _ => return None,
        })
    }
}

/// Gateways of different accounts that a measured latency needs.
pub const MIN_REPORTERS: u32 = 3;

/// A round-trip time to a gateway.
#[cw_serde]
pub struct RttInput {
    /// The gateway that answered.
    pub gateway: AccountId,
    /// Milliseconds, rounded up, 1..=60,000.
    pub ms: u16,
}

/// Latency between two cells, as measured.
#[cw_serde]
pub struct CellLatencyResponse {
    /// Median of the reporters' medians in milliseconds; `None` with fewer than [`MIN_REPORTERS`].
    pub ms: Option<u16>,
    /// Gateways whose measurements count: not older than a week.
    pub reporters: u32,
}

/// What one gateway measured of another.
#[cw_serde]
pub struct RttResponse {
    /// Who measured.
    pub reporter: AccountId,
    /// Milliseconds.
    pub ms: u16,
    /// Unix seconds of the block that noted it.
    pub at: Uint64,
}

/// Measurements of one gateway.
#[cw_serde]
pub struct RttsResponse {
    /// By reporter, those that count.
    pub measured: Vec<RttResponse>,
}

/// Questions.
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// Owner and pause.
    #[returns(crate::common::AdminResponse)]
    Admin {},
    /// The signing domain.
    #[returns(crate::common::DomainResponse)]
    Domain {},
    /// An account by address.
    #[returns(AccountResponse)]
    Account {
        /// The address.
        address: String,
    },
    /// An account by number.
    #[returns(AccountResponse)]
    AccountById {
        /// The number.
        account: AccountId,
    },
    /// A device.
    #[returns(DeviceResponse)]
    Device {
        /// The device.
        device: DeviceId,
    },
    /// A device by its current signing key.
    #[returns(DeviceResponse)]
    DeviceByKey {
        /// The key.
        key: Key,
    },
    /// Devices by number.
    #[returns(DevicesResponse)]
    Devices {
        /// Cursor.
        start_after: Option<DeviceId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// A gateway by address.
    #[returns(GatewayResponse)]
    Gateway {
        /// The address.
        address: String,
    },
    /// Gateways by account number.
    #[returns(GatewaysResponse)]
    Gateways {
        /// Cursor.
        start_after: Option<AccountId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// Latency between two cells as gateways measured it.
    #[returns(CellLatencyResponse)]
    CellLatency {
        /// One cell.
        a: CellId,
        /// The other, or the same.
        b: CellId,
    },
    /// What others measured of a gateway, at most 256.
    #[returns(RttsResponse)]
    Rtts {
        /// The gateway.
        gateway: AccountId,
    },
    /// A device's enclave and what was attested of it.
    #[returns(EnclaveResponse)]
    Enclave {
        /// The device.
        device: DeviceId,
    },
    /// Enclaves by device, with what was attested of them: whoever attests looks here for what is due.
    #[returns(EnclavesResponse)]
    Enclaves {
        /// Cursor.
        start_after: Option<DeviceId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// Attesters and the rules they work under.
    #[returns(AttestersResponse)]
    Attesters {},
    /// Delegations of a device.
    #[returns(GrantsResponse)]
    Grants {
        /// The device.
        device: DeviceId,
    },
}

/// An account.
#[cw_serde]
pub struct AccountResponse {
    /// Its number.
    pub account: AccountId,
    /// Its address.
    pub address: String,
}

/// A device.
#[cw_serde]
pub struct DeviceResponse {
    /// Its number.
    pub device: DeviceId,
    /// Owner's account.
    pub owner: AccountResponse,
    /// Gateway's account.
    pub gateway: AccountResponse,
    /// Network region, from the gateway.
    pub cell: CellId,
    /// Status.
    pub status: DeviceStatus,
    /// Whether a valid attestation is on record.
    pub attested: bool,
    /// Current key epoch; registration is epoch 0.
    pub key_epoch: u32,
    /// Current signing key.
    pub key: Key,
    /// Current sealing key.
    pub sealing: Option<HexBinary>,
    /// Latest profile.
    pub profile: Option<ProfileRecord>,
}

/// A profile as the chain keeps it.
#[cw_serde]
pub struct ProfileRecord {
    /// SHA-256 of the raw profile.
    pub digest: HexBinary,
    /// Sequence.
    pub sequence: Uint64,
    /// Unix seconds.
    pub not_after: Uint64,
}

/// A list of devices.
#[cw_serde]
pub struct DevicesResponse {
    /// In ascending order.
    pub devices: Vec<DeviceResponse>,
}

/// A gateway.
#[cw_serde]
pub struct GatewayResponse {
    /// Its account.
    pub account: AccountResponse,
    /// Endpoint key.
    pub key: HexBinary,
    /// SHA-256 of the raw address list.
    pub addresses: HexBinary,
    /// Sequence of the record.
    pub sequence: Uint64,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Network region.
    pub cell: CellId,
}

/// A list of gateways.
#[cw_serde]
pub struct GatewaysResponse {
    /// In ascending order.
    pub gateways: Vec<GatewayResponse>,
}

/// A device's enclave.
#[cw_serde]
pub struct EnclaveResponse {
    /// Sequence of its registration.
    pub sequence: Uint64,
    /// Its X25519 key.
    pub sealing: HexBinary,
    /// Its ed25519 key.
    pub signing: HexBinary,
    /// Height of its registration; its quote names this height and the hash of this block.
    pub height: Uint64,
    /// What attesters said, in the order of their addresses.
    pub attestations: Vec<AttestationView>,
    /// Until when the device is attested, Unix seconds; `None` if it is not.
    pub attested_until: Option<Uint64>,
    /// What it is attested to run.
    pub measurement: Option<HexBinary>,
}

/// Enclaves of devices.
#[cw_serde]
pub struct EnclavesResponse {
    /// In the order of their devices.
    pub enclaves: Vec<DeviceEnclave>,
}

/// A device with its enclave.
#[cw_serde]
pub struct DeviceEnclave {
    /// The device.
    pub device: DeviceId,
    /// Its enclave.
    pub enclave: EnclaveResponse,
}

/// What one attester said.
#[cw_serde]
pub struct AttestationView {
    /// Its address.
    pub attester: String,
    /// What the enclave measures.
    pub measurement: HexBinary,
    /// SHA-256 of the quote.
    pub evidence: HexBinary,
    /// Unix seconds.
    pub not_after: Uint64,
}

/// Attesters and rules.
#[cw_serde]
pub struct AttestersResponse {
    /// The rules.
    pub rules: AttestationRules,
    /// In the order of their addresses.
    pub attesters: Vec<AttesterView>,
}

/// An attester.
#[cw_serde]
pub struct AttesterView {
    /// Its address.
    pub attester: String,
    /// Its weight.
    pub weight: u8,
}

/// A delegation as the chain keeps it.
#[cw_serde]
pub struct GrantRecord {
    /// The gateway's key.
    pub delegate: Key,
    /// Bits of `layout::Grant`.
    pub scopes: u8,
    /// Base units.
    pub spend_cap: Uint64,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Epoch.
    pub epoch: u32,
}

/// A device's delegations.
#[cw_serde]
pub struct GrantsResponse {
    /// Live ones.
    pub grants: Vec<GrantRecord>,
}
