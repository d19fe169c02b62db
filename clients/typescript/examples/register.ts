// A gateway says where it is dialled; owners register their devices there.
import { sha256 } from "@cosmjs/crypto";
import { toBase64 } from "@cosmjs/encoding";
import { type DeviceKey, RegistryClient, RegistryQueryClient, adapt, checkedDomain, eventOf, layouts, textHash } from "../src/index.js";
import { type Device, type Party, type Sent, chainTime } from "./party.js";

const DAY = 86_400;

/** Publishes the gateway's addresses, raw bytes of a protobuf `Endpoint`, signed by its endpoint key. */
export async function registerGateway(registry: string, gateway: Party, key: DeviceKey, addresses: Uint8Array): Promise<void> {
  const ask = new RegistryQueryClient(adapt(gateway.client), registry);
  const tell = new RegistryClient(adapt(gateway.client), gateway.address, registry);
  await tell.openAccount({}); // the record names the account's number, so the account comes first
  const { account } = await ask.account({ address: gateway.address });
  const now = await chainTime(gateway);
  const record = { account, key: key.bytes, addresses: sha256(addresses), sequence: now, not_after: now + DAY };
  const signature = await key.sign(layouts.endpoint.preimage(checkedDomain(await ask.domain()), record));
  await tell.registerGateway({
    key: toBase64(key.bytes),
    addresses: toBase64(addresses),
    sequence: `${record.sequence}`,
    notAfter: `${record.not_after}`,
    signature: toBase64(signature),
  });
}

/** Registers a device for its owner at a gateway: the device's key consents, the owner's account sends. */
export async function registerDevice(registry: string, owner: Party, gateway: string, key: DeviceKey): Promise<Device> {
  const ask = new RegistryQueryClient(adapt(owner.client), registry);
  const tell = new RegistryClient(adapt(owner.client), owner.address, registry);
  const consent = { key: key.key, owner: textHash(owner.address) };
  const proof = await key.sign(layouts.possession.preimage(checkedDomain(await ask.domain()), consent));
  const device = { key: key.key, owner: owner.address, gateway, proof: toBase64(proof) };
  const sent: Sent = await tell.register({ devices: [device] });
  const id = Number(eventOf(sent.events, registry, "caplet_device").device);
  return { id, key, owner };
}

/** Announces a profile: the chain keeps the digest of its raw protobuf bytes, the device signs it, anyone sends it. */
export async function announceProfile(registry: string, device: Device, raw: Uint8Array, sequence: number, not_after: number): Promise<void> {
  const ask = new RegistryQueryClient(adapt(device.owner.client), registry);
  const tell = new RegistryClient(adapt(device.owner.client), device.owner.address, registry);
  const statement = { device: device.id, sequence, not_after, digest: sha256(raw) };
  const signature = await device.key.sign(layouts.profile.preimage(checkedDomain(await ask.domain()), statement));
  const profile = {
    device: device.id,
    digest: toBase64(statement.digest),
    sequence: `${sequence}`,
    not_after: `${not_after}`,
    signature: toBase64(signature),
  };
  await tell.announce({ profiles: [profile] });
}
