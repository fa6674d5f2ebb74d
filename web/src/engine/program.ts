/** A compiled program: its module, its memory, and where everything lies in it. */

import { accumulated, size } from "./arrays";
import type { Place, ProgramData, Variant } from "./data";

/** Bytes of the blocks that memory is kept in; those of zeros are left out. */
const BLOCK = 256;

/** Gives the bytes of a blob by its name. */
export type Bytes = (name: string) => Promise<Uint8Array<ArrayBuffer>>;
export type Weights = ReadonlyMap<string, Float32Array>;

/** A program's parts as they travel to a worker: all can be cloned. */
export interface Parts {
  about: ProgramData;
  module: WebAssembly.Module;
  blocks: Uint32Array;
  memory: Uint8Array;
  addresses: Uint32Array;
}

/** See `emit/schedule_builder.py`: which thread of how many, and where they would meet. */
type Schedule = (
  table: number,
  pixels: number,
  images: bigint,
  thread: bigint,
  threads: bigint,
  barrier: number,
) => void;

/** The variant that this browser takes: fused where relaxed SIMD is known to it. */
export async function compiled(
  about: ProgramData,
  bytes: Bytes,
): Promise<{ module: WebAssembly.Module; variant: Variant }> {
  const fused = await bytes(about.modules.fused);
  if (WebAssembly.validate(fused)) {
    return { module: await WebAssembly.compile(fused), variant: "fused" };
  }
  const plain = await bytes(about.modules.plain);
  return { module: await WebAssembly.compile(plain), variant: "plain" };
}

export async function partsOf(about: ProgramData, bytes: Bytes): Promise<Parts> {
  const { module } = await compiled(about, bytes);
  const [blocks, memory, addresses] = await Promise.all(
    [about.blocks, about.memory, about.addresses].map((name) => bytes(name)),
  );
  return {
    about,
    module,
    blocks: accumulated(new Int32Array(blocks.buffer)),
    memory,
    addresses: accumulated(new Int32Array(addresses.buffer)),
  };
}

export class Program {
  readonly about: ProgramData;
  private readonly addresses: Uint32Array;
  private readonly exports: WebAssembly.Exports;
  private readonly bytes: Uint8Array;
  private readonly floats: Float32Array;

  constructor(parts: Parts) {
    const { about, module, blocks, memory, addresses } = parts;
    this.about = about;
    this.addresses = addresses;
    const own = new WebAssembly.Memory({ initial: about.pages, maximum: about.pages });
    this.bytes = new Uint8Array(own.buffer);
    this.floats = new Float32Array(own.buffer);
    blocks.forEach((start, number) => {
      // the last block may reach past what there is to write
      const block = memory.subarray(number * BLOCK, (number + 1) * BLOCK);
      this.bytes.set(block, start);
    });
    const env = { __linear_memory: own, pellucid_yield: () => 0 };
    this.exports = new WebAssembly.Instance(module, { env }).exports;
  }

  /** Write weights where the code reads them; to be called before the first run. */
  setWeights(weights: Weights): void {
    let next = 0;
    for (const { name, shape, copies } of this.about.weights) {
      const own = weights.get(name);
      if (!own) throw new Error(`the page has no weights ${name}`);
      for (let copy = 0; copy < copies; copy++) {
        for (let i = 0; i < own.length; i++) this.floats[this.addresses[next + i] >>> 2] = own[i];
        next += size(shape);
      }
    }
    if (this.about.flips) this.call("flip", 1);
  }

  /** The weights as they are in memory, e.g. after steps of training. */
  weights(): Map<string, Float32Array> {
    return new Map(this.about.weights.map(({ name }) => [name, this.weight(name)]));
  }

  /** One array of them. */
  weight(name: string): Float32Array {
    let next = 0;
    for (const each of this.about.weights) {
      const length = size(each.shape);
      if (each.name === name) {
        const own = new Float32Array(length);
        for (let i = 0; i < length; i++) own[i] = this.floats[this.addresses[next + i] >>> 2];
        return own;
      }
      next += each.copies * length;
    }
    throw new Error(`the program has no weights ${name}`);
  }

  /** Call a schedule by its name. */
  call(schedule: string, images: number): void {
    const code = this.exports[schedule] as Schedule | undefined;
    if (!code) throw new Error(`the module has no schedule ${schedule}`);
    code(this.about.table, this.about.pixels, BigInt(images), 0n, 1n, 0);
  }

  /** Set the pixels of images, bytes 0..255, or noise, and run a schedule that takes them. */
  run(pixels: Uint8Array | Float32Array, schedule = this.about.schedules[0]): void {
    const images = pixels.length / size(this.about.input);
    if (!Number.isInteger(images) || images < 1 || images > this.about.capacity) {
      throw new Error(`${pixels.length} pixels are not 1 to ${this.about.capacity} images`);
    }
    if (pixels instanceof Float32Array) return this.runFloats(pixels);
    this.bytes.set(pixels, this.about.pixels);
    this.call(schedule, images);
  }

  /** The same for pixels that are no whole numbers. */
  runFloats(pixels: Float32Array): void {
    this.floats.set(pixels, this.about.pixels >>> 2);
    this.call(this.about.schedules[1], pixels.length / size(this.about.input));
  }

  /** A value of one image, in row-major order. */
  value(name: string, image = 0): Float32Array {
    return this.read(this.about.values[name], name, image);
  }

  /** The gradient at a value. */
  gradient(name: string, image = 0): Float32Array {
    return this.read(this.about.gradients[name], name, image);
  }

  /** The gradient of a weight, of which the last run left partial sums. */
  weightGradient(name: string): Float32Array {
    const parts = this.about.weight_gradients?.[name];
    if (!parts) throw new Error(`the program does not keep the gradient of ${name}`);
    const { start, length } = this.startOf(name);
    const found = new Float32Array(length);
    for (const { copy, shift, chunks, step } of parts) {
      for (let i = 0; i < length; i++) {
        const first = (this.addresses[start + copy * length + i] + shift) >>> 2;
        let sum = this.floats[first];
        for (let chunk = 1; chunk < chunks; chunk++) {
          sum = Math.fround(sum + this.floats[first + chunk * (step >>> 2)]);
        }
        found[i] += sum;
      }
    }
    return found;
  }

  /** Set the gradient that comes in at a value of one image, in row-major order. */
  seed(name: string, gradient: ArrayLike<number>): void {
    const { address, shape, strides } = this.about.gradients[name];
    const [height, width, channels] = shape;
    const [, row, column] = strides;
    for (let y = 0, from = 0; y < height; y++) {
      for (let x = 0; x < width; x++, from += channels) {
        const to = (address >>> 2) + y * row + x * column;
        for (let c = 0; c < channels; c++) this.floats[to + c] = gradient[from + c];
      }
    }
  }

  writeFloats(address: number, numbers: ArrayLike<number>): void {
    this.floats.set(numbers, address >>> 2);
  }

  readDouble(address: number): number {
    return new DataView(this.bytes.buffer).getFloat64(address, true);
  }

  /** Where the addresses of a weight begin, and how many floats it has. */
  private startOf(name: string): { start: number; length: number } {
    let start = 0;
    for (const { name: own, shape, copies } of this.about.weights) {
      const length = size(shape);
      if (own === name) return { start, length };
      start += copies * length;
    }
    throw new Error(`the program has no weights ${name}`);
  }

  private read(place: Place | undefined, name: string, image: number): Float32Array {
    if (!place) throw new Error(`the program does not keep ${name}`);
    const [height, width, channels] = place.shape;
    const [whole, row, column] = place.strides;
    const found = new Float32Array(height * width * channels);
    const start = (place.address >>> 2) + image * whole;
    for (let y = 0, to = 0; y < height; y++) {
      if (column === channels) {
        const from = start + y * row;
        found.set(this.floats.subarray(from, from + width * channels), to);
        to += width * channels;
        continue;
      }
      for (let x = 0; x < width; x++, to += channels) {
        const from = start + y * row + x * column;
        found.set(this.floats.subarray(from, from + channels), to);
      }
    }
    return found;
  }
}
