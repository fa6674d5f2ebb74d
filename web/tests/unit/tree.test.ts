import { expect, test } from "vitest";
import type { Outline } from "../../src/engine/data";
import {
  foldsAround,
  itemsOf,
  layersOf,
  seen,
  staged,
  unfoldedAtFirst,
} from "../../src/views/network/tree";

const OUTLINE: Outline = [
  ["input", "conv1", "relu1"],
  { branches: [[["conv2", "relu2"], ["conv3"]], []], joint: ["add1", "relu3"] },
  { branches: [[{ branches: [[["a"]], [["b"]]], joint: ["c"] }], [["d"]]], joint: ["e"] },
  ["dense1"],
];

test("items hold every layer once, the picture left out", () => {
  const items = itemsOf(OUTLINE);
  expect(items.flatMap(layersOf).join(" ")).toBe(
    "conv1 relu1 conv2 relu2 conv3 add1 relu3 a b c d e dense1",
  );
  expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
});

test("what is folded shows what it makes, and unfolds down to any layer", () => {
  const items = itemsOf(OUTLINE);
  expect(seen(items, new Set())).toEqual(["conv1", "relu1", "relu3", "e", "dense1"]);
  for (const layer of items.flatMap(layersOf)) {
    expect(seen(items, new Set(foldsAround(items, layer)))).toContain(layer);
  }
  expect(foldsAround(items, "a")).toHaveLength(2);
  expect(foldsAround(items, "relu3")).toHaveLength(0);
  expect(foldsAround(items, "add1")).toHaveLength(1);
  expect(seen(items, unfoldedAtFirst(items))).toEqual(items.flatMap(layersOf));
});

test("long networks become stages of one resolution, all folded", () => {
  const names = Array.from({ length: 30 }, (_, k) => `layer${k}`);
  const shapes = new Map(names.map((name, k) => [name, [2 ** (3 - Math.floor(k / 10)), 4, k + 1]]));
  const items = staged(itemsOf(names.map((name) => [name])), shapes);
  expect(items.map((item) => [item.kind, layersOf(item).length])).toEqual([
    ["stage", 10],
    ["stage", 10],
    ["stage", 10],
  ]);
  expect(unfoldedAtFirst(items).size).toBe(0);
  expect(seen(items, new Set(foldsAround(items, "layer14")))).toHaveLength(12);
});
