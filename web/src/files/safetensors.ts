/** Writes files of arrays as the safetensors library does, with our sealed description. */

import type { Json } from "../engine/data";
import { canonical } from "./canonical";
import { Sha256 } from "./sha256";

export interface NamedArray {
  name: string;
  shape: readonly number[];
  values: Float32Array | Uint8Array;
}

const utf8 = new TextEncoder();

/** A file of a kind and format, see `docs/model-format.md`. */
export function sealed(
  kind: string,
  format: number,
  description: { [key: string]: Json },
  arrays: readonly NamedArray[],
): Uint8Array<ArrayBuffer> {
  const document: { [key: string]: Json } = { ...description, kind, format };
  document["checksum"] = checksum(document, arrays);
  // widest elements first, so that all lie aligned
  const inOrder = [...arrays].sort(
    (a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT || byName(a, b),
  );
  const header: { [key: string]: Json } = { __metadata__: { pellucid: canonical(document) } };
  let end = 0;
  for (const { name, shape, values } of inOrder) {
    const dtype = values instanceof Float32Array ? "F32" : "U8";
    header[name] = { dtype, shape: [...shape], data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const written = utf8.encode(JSON.stringify(header));
  const length = Math.ceil(written.length / 8) * 8;
  const found = new Uint8Array(8 + length + end).fill(32, 8, 8 + length);
  new DataView(found.buffer).setBigUint64(0, BigInt(length), true);
  found.set(written, 8);
  let at = 8 + length;
  for (const { values } of inOrder) {
    found.set(bytesOf(values), at);
    at += values.byteLength;
  }
  return found;
}

/** Of a document and arrays, as `pellucid/files/container.py` makes it. */
export function checksum(document: Json, arrays: readonly NamedArray[]): string {
  const digest = new Sha256().add(utf8.encode(canonical(document)));
  for (const { name, shape, values } of [...arrays].sort(byName)) {
    const dtype = values instanceof Float32Array ? "float32" : "uint8";
    digest.add(utf8.encode(canonical([name, dtype, [...shape]]))).add(bytesOf(values));
  }
  return digest.hex();
}

function byName(a: NamedArray, b: NamedArray): number {
  return a.name < b.name ? -1 : 1;
}

function bytesOf(values: Float32Array | Uint8Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
