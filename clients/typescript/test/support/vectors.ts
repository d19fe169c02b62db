import { readdirSync } from "node:fs";
import { join } from "node:path";
import { json, root } from "./paths.js";

/** A file of `schema/vectors`, as its README describes it. */
export interface VectorFile {
  readonly layout: string;
  readonly domain_of: string;
  readonly length: number;
  readonly domain: {
    readonly chain_id: string;
    readonly contract: string;
    readonly height: string;
    readonly time_ns: string;
    readonly preimage: string;
    readonly sha256: string;
  };
  readonly fields: readonly VectorField[];
  readonly key: { readonly scheme: string; readonly seed: string; readonly public: string };
  readonly vectors: readonly Vector[];
}

export interface VectorField {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly form: "ascii" | "bytes" | "unsigned" | "zero";
}

export interface Vector {
  readonly name: string;
  readonly preimage: string;
  readonly signature: string;
  readonly values: Readonly<Record<string, string>>;
  readonly chain?: { readonly secret: string; readonly salt_preimage: string; readonly salt: string; readonly links: readonly string[] };
}

const folder = join("schema", "vectors");

/** The vectors of one layout. */
export function vectorFile(name: string): VectorFile {
  return json<VectorFile>(folder, `${name}.json`);
}

/** Every file whose layout a key signs under a domain. */
export function signedFiles(): VectorFile[] {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => json<VectorFile>(folder, file))
    .filter((file) => file.key !== undefined);
}
