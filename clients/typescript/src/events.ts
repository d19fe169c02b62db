import { attributes, numbers } from "./generated/events.js";

/** An event as CosmJS hands it over. */
export interface ChainEvent {
  readonly type: string;
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
}

/** Name of an event of a contract, without the `wasm-` that the chain puts before it. */
export type EventName = keyof typeof attributes;

/** An event's attributes. Values are text: numbers in decimal, bytes in hex, lists parted by commas. */
export type Attributes<Name extends EventName> = Readonly<Record<(typeof attributes)[Name][number], string>>;

/** The one event of that name that `contract` sent in a transaction. */
export function eventOf<Name extends EventName>(events: readonly ChainEvent[], contract: string, name: Name): Attributes<Name> {
  const found = events
    .filter((event) => event.type === `wasm-${name}`)
    .map((event) => Object.fromEntries(event.attributes.map(({ key, value }) => [key, value])))
    .filter((event) => event._contract_address === contract);
  if (found.length !== 1) throw new Error(`${found.length} events ${name} of ${contract}, there should be one`);
  const missing = attributes[name].filter((attribute) => found[0][attribute] === undefined);
  if (missing.length > 0) throw new Error(`${name} has no ${missing.join(", ")}: contract and client are of different versions`);
  return found[0] as Attributes<Name>;
}

/** An attribute that is a list, one text an entry. */
export function list(value: string): string[] {
  return value === "" ? [] : value.split(",");
}

/** What became of each voucher of a settlement, from the attribute `results`. */
export function results(value: string): string[] {
  const words: Readonly<Record<string, string>> = numbers.results;
  return list(value).map((number) => words[number] ?? `result ${number}`);
}

/** An order's number: `page * 256 + slot`. */
export function orderId(page: number, slot: number): string {
  return (BigInt(page) * 256n + BigInt(slot)).toString();
}
