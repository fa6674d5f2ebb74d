import { expect, test } from "vitest";
import { around } from "../../src/views/network/around";
import { mapBox, placeAt } from "../../src/draw/layout";
import { offset } from "../../src/engine/arrays";
import type { NodeData } from "../../src/engine/data";
import { kernelAt, kernelsAt, kernelSheet, strongestInput } from "../../src/views/network/kernels";

const SHAPE = [3, 2, 4, 5];
const weights = Float32Array.from({ length: 120 }, (_, k) => Math.sin(k + 1));

test("a kernel's weights are those at its rows, columns, input map and map", () => {
  for (const [input, output] of [
    [0, 0],
    [3, 4],
    [2, 1],
  ]) {
    const expected = [0, 1, 2].map((y) =>
      [0, 1].map((x) => weights[offset(SHAPE, [y, x, input, output])]),
    );
    expect(kernelAt(weights, SHAPE, input, output)).toEqual(expected);
  }
});

test("the sheet has a row a map and a column an input map", () => {
  const { layout, order } = kernelSheet(SHAPE, 200);
  expect([layout.columns, layout.rows]).toEqual([4, 5]);
  const box = mapBox(layout, order, 2 * 5 + 3)!; // input map 2 to map 3
  expect([box[0] / layout.scale, box[1] / layout.scale]).toEqual([2 * 3, 3 * 4]);
  expect(placeAt(layout, order, box[0] + 1, box[1] + 1)).toEqual([0, 0, 13]);
  const single = kernelSheet([3, 3, 1, 32], 300).layout;
  expect(single.columns).toBe(9);
});

test("a layer without kernels shows those before it, else those behind it", () => {
  const node = (axes: number): NodeData =>
    ({
      weights: { kernel: "k" },
      reads: { weight: axes ? { name: "kernel", index: Array(axes) } : null },
    }) as never;
  const nodes = new Map([
    ["normalise", node(0)],
    ["conv1", node(4)],
    ["pool1", node(0)],
    ["conv2", node(4)],
    ["dense1", node(2)],
  ]);
  const found = [...nodes.keys()].map((name) => kernelsAt(nodes, name));
  expect(found).toEqual(["conv1", "conv1", "conv1", "conv2", "conv2"]);
  expect(kernelsAt(new Map([["dense1", node(2)]]), "dense1")).toBeNull();
});

test("the strongest input map is that of the largest weights", () => {
  const own = weights.slice();
  own[offset(SHAPE, [1, 1, 2, 3])] = -40;
  expect(strongestInput(own, SHAPE, 3)).toBe(2);
});

test("a value's neighbours are as many as there are, and it is among them", () => {
  const own = around([5, 20, 3], [4, 0, 2]);
  expect(own.rows.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4]);
  expect(own.columns).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(own.rows[4].cells[0]).toEqual([4, 0, 2]);
  const flat = around([128], [127]);
  expect(flat.rows.map(({ name }) => name)).toEqual([60, 70, 80, 90, 100, 110, 120]);
  expect(flat.rows[6].cells.at(-1)).toEqual([127]);
});
