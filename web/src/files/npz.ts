/** Writes files of several arrays as `numpy.savez_compressed` does. */

import { crc32 } from "../engine/checks";

export interface NumpyArray {
  name: string;
  /** NumPy's word for the elements, e.g. `|u1`. */
  descr: string;
  shape: readonly number[];
  bytes: Uint8Array<ArrayBuffer>;
}

const ascii = new TextEncoder();

/** Texts as an array of Unicode characters, four bytes each, all equally long. */
export function texts(name: string, values: readonly string[]): NumpyArray {
  const points = values.map((value) => Array.from(value, (c) => c.codePointAt(0)!));
  const length = Math.max(1, ...points.map((each) => each.length));
  const found = new Uint32Array(values.length * length);
  points.forEach((each, row) => found.set(each, row * length));
  return {
    name,
    descr: `<U${length}`,
    shape: [values.length],
    bytes: new Uint8Array(found.buffer),
  };
}

/** Whole numbers as 64-bit integers. */
export function integers(name: string, values: ArrayLike<number>): NumpyArray {
  const found = BigInt64Array.from(Array.from(values, BigInt));
  return { name, descr: "<i8", shape: [values.length], bytes: new Uint8Array(found.buffer) };
}

/** One array in NumPy's format, version 1.0. */
function npy({ descr, shape, bytes }: NumpyArray): Uint8Array<ArrayBuffer> {
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const words = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${lengths}), }`;
  const length = Math.ceil((10 + words.length + 1) / 64) * 64 - 10;
  const found = new Uint8Array(10 + length + bytes.length);
  found.set([0x93, ...ascii.encode("NUMPY"), 1, 0, length & 255, length >> 8]);
  found.set(ascii.encode(words.padEnd(length - 1) + "\n"), 10);
  found.set(bytes, 10 + length);
  return found;
}

/** A zip file (APPNOTE 6.3) of deflated arrays. */
export async function npz(arrays: readonly NumpyArray[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const array of arrays) {
    const content = npy(array);
    const packed = await deflated(content);
    const name = ascii.encode(`${array.name}.npy`);
    // version 2.0, no flags, deflate, no time but the first day that the format has
    const common = [
      ...two(20), ...two(0), ...two(8), ...two(0), ...two(33),
      ...four(crc32(content)), ...four(packed.length), ...four(content.length),
      ...two(name.length), ...two(0),
    ]; // prettier-ignore
    const entry = Uint8Array.from([...four(0x04034b50), ...common, ...name]);
    const end = [...two(0), ...two(0), ...two(0), ...four(0), ...four(at)];
    directory.push(Uint8Array.from([...four(0x02014b50), ...two(20), ...common, ...end, ...name]));
    parts.push(entry, packed);
    at += entry.length + packed.length;
  }
  const size = directory.reduce((bytes, entry) => bytes + entry.length, 0);
  const count = two(arrays.length);
  const last = [...four(0x06054b50), ...two(0), ...two(0), ...count, ...count];
  const end = Uint8Array.from([...last, ...four(size), ...four(at), ...two(0)]);
  return new Blob([...parts, ...directory, end], { type: "application/octet-stream" });
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function two(n: number): number[] {
  return [n & 255, (n >>> 8) & 255];
}

function four(n: number): number[] {
  return [...two(n & 0xffff), ...two(n >>> 16)];
}
