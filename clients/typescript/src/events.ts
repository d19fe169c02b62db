/** An event as CosmJS hands it over. */
export interface ChainEvent {
  readonly type: string;
  readonly attributes: readonly { readonly key: string; readonly value: string }[];
}

/**
 * The one event called `name` (without the `wasm-` that the chain puts before it) of a contract, as
 * its attributes. Values are text: numbers in decimal, bytes in hex, lists parted by commas.
 */
export function eventOf(events: readonly ChainEvent[], contract: string, name: string): Readonly<Record<string, string>> {
  const found = events
    .filter((event) => event.type === `wasm-${name}`)
    .map((event) => Object.fromEntries(event.attributes.map(({ key, value }) => [key, value])))
    .filter((attributes) => attributes._contract_address === contract);
  if (found.length !== 1) throw new Error(`${found.length} events ${name} of ${contract}, there should be one`);
  return found[0]!;
}

/** An attribute that must be there. */
export function attribute(event: Readonly<Record<string, string>>, name: string): string {
  const value = event[name];
  if (value === undefined) throw new Error(`the event has no ${name}: contract and client are of different versions`);
  return value;
}

/** An attribute that holds a list of numbers, as decimal text each. */
export function list(event: Readonly<Record<string, string>>, name: string): string[] {
  const value = attribute(event, name);
  return value === "" ? [] : value.split(",");
}

/** An order's number: `page * 256 + slot`. */
export function orderId(page: number, slot: number): string {
  return (BigInt(page) * 256n + BigInt(slot)).toString();
}
