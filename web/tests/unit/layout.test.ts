import { describe, expect, test } from "vitest";
import { limitOf, rangeOf } from "../../src/draw/colours";
import { layoutOf, mapBox, placeAt, positionOf, strongest, valueBox } from "../../src/draw/layout";
import { boxesOf } from "../../src/draw/marks";
import { moved } from "../../src/views/network/keys";

const SHAPES = [
  [28, 28, 32],
  [14, 9, 64],
  [112, 112, 96],
  [7, 7, 1280],
  [1, 1, 40],
  [3136],
  [10],
  [1000],
  [20, 12],
  [9, 7, 7, 64],
];
const ROOMS = [
  { width: 160, height: 200 },
  { width: 90, height: 60 },
  { width: 320, height: 320, across: true },
  { width: 480, height: Infinity, all: 112 },
];

describe.each(SHAPES)("values %i×%s×%s", (...shape) => {
  const own = shape.filter((n) => n !== undefined);
  test.each(ROOMS)("stand in a room, and are found there again: %o", (room) => {
    const layout = layoutOf(own, room, own[0] === 1000);
    expect(layout.width).toBeLessThanOrEqual(Math.max(room.width, 112));
    expect(layout.height).toBeLessThanOrEqual(room.height);
    const channels = own.length === 2 ? 1 : own[own.length - 1];
    if (room.all) expect(layout.shown).toBe(channels);
    const order = Array.from({ length: layout.shown }, (_, slot) => channels - 1 - slot);
    for (const channel of [order[0], order[layout.shown - 1]]) {
      for (const [y, x] of [
        [0, 0],
        [layout.shape[0] - 1, layout.shape[1] - 1],
      ]) {
        const at = positionOf(layout, [y, x, channel]);
        expect(at).toHaveLength(own.length);
        const [left, top, width, height] = valueBox(layout, order, at)!;
        expect(left + width).toBeLessThanOrEqual(layout.width + 1e-6);
        expect(top + height).toBeLessThanOrEqual(layout.height + 1e-6);
        expect(placeAt(layout, order, left + width / 2, top + height / 2)).toEqual(at);
      }
    }
  });
});

test("a scale ends at the 99.5th percentile between two sizes, infinite values left out", () => {
  // numpy.percentile(numpy.abs(x), 99.5) of these
  const x = Float32Array.from({ length: 301 }, (_, k) => ((k % 2 ? -1 : 1) * (k * 7919)) % 301);
  expect(limitOf(x)).toBeCloseTo(298.5, 10);
  expect(rangeOf([...x, Infinity, NaN])).toEqual({ limit: 298.5, low: -299, high: 300 });
  expect(limitOf([3, -5])).toBeCloseTo(4.99, 10);
  expect(limitOf([0, 0])).toBe(1);
  expect(limitOf([])).toBe(1);
  const mostly = new Float32Array(1000);
  mostly[17] = -4;
  expect(limitOf(mostly)).toBe(4);
});

test("the strongest maps come first, by the sum of their sizes", () => {
  expect(strongest([1, -5, 2, 1, -1, 3], 3, 2)).toEqual([1, 2]);
  expect(strongest([1, -5, 2], 3, 3, true)).toEqual([2, 0, 1]);
});

test("a window has one box in each map, and values with gaps a box each", () => {
  const layout = layoutOf([6, 6, 2], { width: 200, height: 200 });
  const at = (rows: number[], columns: number[]): number[][] =>
    [0, 1].flatMap((c) => rows.flatMap((y) => columns.map((x) => [y, x, c])));
  const { scale } = layout;
  expect(boxesOf(layout, null, at([1, 2, 3], [0, 1]))).toEqual(
    [0, 1].map((c) => {
      const [x, y] = mapBox(layout, null, c)!;
      return [x, y + scale, 2 * scale, 3 * scale];
    }),
  );
  expect(boxesOf(layout, null, at([0, 2, 4], [1]))).toHaveLength(6);
  expect(boxesOf(layout, null, at([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]))).toEqual([
    [0, 0, layout.width, layout.height],
  ]);
});

test("keys move within a map, through the maps, and to the ends", () => {
  const maps = layoutOf([5, 4, 3], { width: 200, height: 200 });
  expect(moved(maps, null, [0, 0, 1], "ArrowUp")).toEqual([0, 0, 1]);
  expect(moved(maps, null, [0, 0, 1], "ArrowDown")).toEqual([1, 0, 1]);
  expect(moved(maps, null, [2, 1, 1], "End")).toEqual([2, 3, 1]);
  expect(moved(maps, null, [2, 1, 1], "PageDown")).toEqual([2, 1, 2]);
  expect(moved(maps, [2, 0, 1], [2, 1, 0], "PageDown")).toEqual([2, 1, 1]);
  expect(moved(maps, null, [2, 1, 1], "End", true)).toEqual([4, 3, 2]);
  expect(moved(maps, null, [2, 1, 1], "x")).toBeNull();
  const cells = layoutOf([128], { width: 80, height: 200 });
  expect(cells.columns).toBe(7);
  expect(moved(cells, null, [0], "ArrowDown")).toEqual([7]);
  expect(moved(cells, null, [8], "Home")).toEqual([7]);
  expect(moved(cells, null, [127], "ArrowRight")).toEqual([127]);
});
