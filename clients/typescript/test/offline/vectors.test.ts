// Every vector of schema/vectors, rebuilt by the recipe of its README alone.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fromHex, toHex } from "@cosmjs/encoding";
import { DeviceKey, domainOf, domainPreimage } from "../../src/index.js";
import { concat, padded } from "../../src/layout.js";
import { unsigned } from "../../src/field.js";
import { type Vector, type VectorField, type VectorFile, signedFiles } from "../support/vectors.js";

const files = signedFiles();

test("there are vectors of nineteen signed layouts", () => {
  assert.equal(files.length, 19);
});

for (const file of files) {
  describe(file.layout, () => {
    test("its domain is the SHA-256 of its preimage", () => {
      assert.equal(toHex(domainPreimage(file.domain)), file.domain.preimage);
      assert.equal(toHex(domainOf(file.domain)), file.domain.sha256);
    });

    for (const vector of file.vectors) {
      test(`the vector "${vector.name}" is rebuilt byte by byte, and signed`, async () => {
        const preimage = rebuild(file, vector);
        assert.equal(toHex(preimage), vector.preimage);
        assert.equal(preimage.length, file.length);
        const key = await DeviceKey.fromSeed(fromHex(file.key.seed));
        assert.equal(toHex(key.bytes), file.key.public);
        assert.equal(toHex(await key.sign(preimage)), vector.signature);
      });
    }
  });
}

function rebuild(file: VectorFile, vector: Vector): Uint8Array {
  let at = 0;
  const parts = file.fields.map((field) => {
    assert.equal(field.offset, at, `${field.name} begins where the field before it ends`);
    at += field.length;
    return write(field, value(file, vector, field.name));
  });
  return concat(parts);
}

function value(file: VectorFile, vector: Vector, name: string): string | undefined {
  if (name === "tag") return file.layout;
  if (name === "domain") return file.domain.sha256;
  return vector.values[name];
}

function write(field: VectorField, given: string | undefined): Uint8Array {
  if (field.form === "zero") return new Uint8Array(field.length);
  assert.ok(given !== undefined, `${field.name} has a value`);
  if (field.form === "ascii") return padded(given);
  if (field.form === "unsigned") return unsigned(field.length).write(given, field.name);
  const out = new Uint8Array(field.length);
  out.set(fromHex(given));
  return out;
}
