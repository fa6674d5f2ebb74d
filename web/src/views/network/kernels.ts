/** The kernels of a convolution on one sheet: a row a map that they make, a column an input map. */

import type { Layout } from "../../draw/layout";
import type { NodeData, Shape } from "../../engine/data";

export interface KernelSheet {
  layout: Layout;
  /** Which kernel stands where: of input map i to map o that at i · outputs + o. */
  order: number[];
  inputs: number;
  outputs: number;
}

const SCALES = [8, 6, 5, 4, 3, 2];

/** The name of a layer's kernels, where it has some that slide over maps. */
export function kernelsOf(node: NodeData | undefined): string | null {
  const place = node?.reads.weight;
  if (!place || place.index.length !== 4) return null;
  return node.weights[place.name] ?? null;
}

/** The layer whose kernels are shown at a layer: its own, else of the last before it that has some,
 * else of the first behind it. */
export function kernelsAt(nodes: ReadonlyMap<string, NodeData>, layer: string): string | null {
  let found: string | null = null;
  let passed = false;
  for (const [name, node] of nodes) {
    if (passed && found !== null) break;
    if (kernelsOf(node) !== null) found = name;
    passed ||= name === layer;
  }
  return found;
}

/** Kernels of (rows, columns, input maps, maps) on a sheet that is as wide as its place. */
export function kernelSheet(shape: Shape, width: number): KernelSheet {
  const [rows, columns, inputs, outputs] = shape;
  const gap = rows * columns === 1 ? 0 : 1;
  const cell = [rows + gap, columns + gap] as const;
  const least = inputs === 1 ? 1 : inputs;
  const scale = SCALES.find((s) => least * cell[1] * s <= width) ?? 1;
  const most = Math.max(1, Math.floor(width / cell[1] / scale));
  const across = inputs === 1 ? Math.min(outputs, most) : inputs;
  const count = inputs * outputs;
  const down = Math.ceil(count / across);
  return {
    layout: {
      form: "maps",
      shape: [rows, columns, count],
      axes: "maps",
      first: [],
      columns: across,
      rows: down,
      cell,
      scale,
      shown: count,
      width: (across * cell[1] - gap) * scale,
      height: (down * cell[0] - gap) * scale,
    },
    order: Array.from(
      { length: count },
      (_, slot) => (slot % inputs) * outputs + Math.floor(slot / inputs),
    ),
    inputs,
    outputs,
  };
}

/** One kernel's weights, row by row. */
export function kernelAt(
  weights: ArrayLike<number>,
  shape: Shape,
  input: number,
  output: number,
): number[][] {
  const [rows, columns, inputs, outputs] = shape;
  return Array.from({ length: rows }, (_, y) =>
    Array.from(
      { length: columns },
      (_, x) => weights[((y * columns + x) * inputs + input) * outputs + output],
    ),
  );
}

/** The input map whose kernel to a map has the largest weights. */
export function strongestInput(weights: ArrayLike<number>, shape: Shape, output: number): number {
  const [rows, columns, inputs, outputs] = shape;
  let [best, most] = [0, -1];
  for (let input = 0; input < inputs; input++) {
    let sum = 0;
    for (let place = 0; place < rows * columns; place++) {
      sum += Math.abs(weights[(place * inputs + input) * outputs + output]);
    }
    if (sum > most) [best, most] = [input, sum];
  }
  return best;
}
