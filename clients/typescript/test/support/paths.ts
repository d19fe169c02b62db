import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout, seen from the compiled tests. */
export const root = fileURLToPath(new URL("../../../../../", import.meta.url));

/** A JSON file of the checkout. */
export function json<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(join(root, ...parts), "utf8")) as T;
}
