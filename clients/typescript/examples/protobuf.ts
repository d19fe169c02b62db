// Profiles and endpoints are protobuf: their raw bytes are what digests are taken of.
import { join } from "node:path";
import protobuf from "protobufjs";

/** Raw bytes of a message of the package `caplet.v1`, by the `.proto` files of `schema/proto`. Field names in camel case. */
export async function encode(schema: string, type: string, value: Record<string, unknown>): Promise<Uint8Array> {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(schema, "proto", target);
  await root.load(["capability", "identity"].map((name) => `caplet/v1/${name}.proto`));
  const message = root.lookupType(`caplet.v1.${type}`);
  const wrong = message.verify(value);
  if (wrong) throw new TypeError(`${type}: ${wrong}`);
  return message.encode(message.fromObject(value)).finish();
}
