import { beforeAll, expect, test } from "vitest";
import type { Json, ScheduleData } from "../../src/engine/data";
import { canonical } from "../../src/files/canonical";
import { checksum } from "../../src/files/safetensors";
import { automaticBatchSize, batchesPerEpoch, batchPlaces } from "../../src/learn/batches";
import { normal, permutation, randomWords, START } from "../../src/learn/counter";
import { firstWeights } from "../../src/learn/first_weights";
import { interval } from "../../src/learn/interval";
import { Kept } from "../../src/learn/kept";
import { stepNumbers } from "../../src/learn/scalars";
import { factor } from "../../src/learn/schedule";
import { onlyFirst, withoutOthers } from "../../src/learn/units";
import { fromPython } from "./python";

interface Numbers {
  words: string;
  normal: string;
  permutation: string;
  first: Record<string, string>;
  scalars: string;
  lengths: [number, number][];
  rates: Record<string, number[][]>;
  batches: [number, number, [number, number][]][];
  sizes: [number, number, number][];
  intervals: [number, number, number][];
  canonical: string;
  document: Json;
  checksum: string;
}

let python: Numbers;
beforeAll(() => {
  python = fromPython<Numbers>("tests.page.numbers");
}, 60_000);

const base64 = (array: Uint32Array | Float32Array | Float64Array): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

test("the counter's words, normal numbers and orders are Python's bits", () => {
  const words = randomWords(4001, 7, 3, 2 ** 32 - 5, START);
  expect(base64(words)).toBe(python.words);
  expect(base64(normal(words))).toBe(python.normal);
  expect(base64(permutation(5000, 3, 2))).toBe(python.permutation);
});

test("first weights are Python's bits", () => {
  expect(Object.keys(python.first)).toContain("he");
  for (const [initializer, expected] of Object.entries(python.first)) {
    const parameter = {
      name: "conv1.kernel",
      shape: [3, 5, 7],
      initializer,
      fan_in: 15,
      fan_out: 63,
    };
    expect(base64(firstWeights([parameter], 2 ** 32 - 1).get("conv1.kernel")!)).toBe(expected);
  }
  const half = { name: "x", shape: [2], initializer: 0.1, fan_in: 1, fan_out: 1 };
  expect([...firstWeights([half], 0).get("x")!]).toEqual([Math.fround(0.1), Math.fround(0.1)]);
});

test("a step's numbers are Python's bits, Adam's powers too", () => {
  const found = new Float32Array(20_000 * 16);
  const adam = { kind: "adam", weight_decay: 0, beta1: 0.9, beta2: 0.999 } as const;
  for (let step = 0; step < 20_000; step++) {
    found.set(stepNumbers(16, adam, 0.003, 2 ** 32 - 1, step), step * 16);
  }
  const bytes = Buffer.from(python.scalars, "base64");
  const expected = new Uint32Array(new Uint8Array(bytes).buffer);
  const words = new Uint32Array(found.buffer);
  expect(words.findIndex((word, i) => word !== expected[i])).toBe(-1);
});

test("rates are Python's bits as float32", () => {
  for (const [text, expected] of Object.entries(python.rates)) {
    const schedule = JSON.parse(text) as ScheduleData;
    python.lengths.forEach(([steps, epochs], which) => {
      const rates = Array.from({ length: steps * epochs }, (_, step) =>
        Math.fround(0.05 * factor(schedule, step, steps, epochs)),
      );
      expect(rates, text).toEqual(expected[which]);
    });
  }
});

test("batches are Python's", () => {
  for (const [count, size, places] of python.batches) {
    const found = Array.from({ length: batchesPerEpoch(count, size) }, (_, number) =>
      batchPlaces(count, size, number),
    );
    expect(found, `${count} by ${size}`).toEqual(places);
  }
  for (const [pictures, side, size] of python.sizes) {
    expect(automaticBatchSize(pictures, side * side, 128)).toBe(size);
    expect(automaticBatchSize(pictures, side * side, 20)).toBe(Math.min(size, 20));
  }
});

test("intervals are Python's", () => {
  for (const [right, low, high] of python.intervals) {
    expect(interval(right, 40)).toEqual([low, high]);
  }
});

test("JSON and checksums are Python's", () => {
  expect(canonical(python.document)).toBe(python.canonical);
  const arrays = [
    { name: "b", shape: [2, 3], values: Uint8Array.from({ length: 6 }, (_, i) => i) },
    { name: "a", shape: [70], values: new Float32Array(70).fill(0.1) },
  ];
  expect(checksum(python.document, arrays)).toBe(python.checksum);
});

test("memory for epochs is bounded, and the newest is kept", () => {
  const kept = new Kept(400);
  for (let epoch = 1; epoch <= 9; epoch++) kept.add(epoch, new Map([["w", new Float32Array(25)]]));
  expect(kept.epochs.length).toBeLessThanOrEqual(4);
  expect(kept.epochs[0]).toBe(1);
  expect(kept.epochs.at(-1)).toBe(9);
});

test("outputs that stand for no class are left out, and cut off", () => {
  const head = { layer: "d", kernel: "d.kernel", bias: "d.bias", units: 3, setting: "units" };
  const weights = new Map([
    ["d.kernel", Float32Array.of(1, 2, 3, 4, 5, 6)],
    ["d.bias", Float32Array.of(7, 8, 9)],
  ]);
  const two = onlyFirst(weights, head, 2);
  expect([...two.get("d.kernel")!]).toEqual([1, 2, 0, 4, 5, 0]);
  expect(two.get("d.bias")![2]).toBeLessThan(-1e29);
  const cut = withoutOthers(two, head, 2);
  expect([...cut.get("d.kernel")!]).toEqual([1, 2, 4, 5]);
  expect([...cut.get("d.bias")!]).toEqual([7, 8]);
  expect(onlyFirst(weights, head, 3)).toEqual(weights);
});
