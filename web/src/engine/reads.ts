/** Which values an output value reads, and who reads a value; see `pellucid/ops/reads.py`. */

import type { Axis, NodeData, Position } from "./data";

/** The followed sum at an output position, times the divisor. */
function base(axis: Axis, at: Position): number {
  let total = -axis.before;
  for (const { axis: followed, stride, divide, modulo } of axis.follows) {
    const step = Math.floor(at[followed] / divide);
    total += stride * (modulo === null ? step : step % modulo);
  }
  return total;
}

/** Pairs (tap, position) that an output position reads along an axis. */
function read(axis: Axis, at: Position): [number, number][] {
  const start = base(axis, at);
  const found: [number, number][] = [];
  for (let tap = 0; tap < axis.taps; tap++) {
    const sum = start + axis.dilation * tap;
    if (sum % axis.divisor !== 0) continue;
    const place = sum / axis.divisor;
    if (place >= 0 && place < axis.length) found.push([tap, place]);
  }
  return found;
}

/** The positions that an output position reads along an axis, by tap; those outside too. */
export function positions(axis: Axis, at: Position): number[] {
  const start = base(axis, at);
  const sums = Array.from({ length: axis.taps }, (_, tap) => start + axis.dilation * tap);
  return sums.filter((sum) => sum % axis.divisor === 0).map((sum) => sum / axis.divisor);
}

/** By which tap an output position reads a position, or none. */
function tapOf(axis: Axis, at: Position, place: number): number | null {
  const apart = place * axis.divisor - base(axis, at);
  const tap = apart / axis.dilation;
  return Number.isInteger(tap) && tap >= 0 && tap < axis.taps ? tap : null;
}

export interface Source {
  /** Which input. */
  branch: number;
  /** Where in it. */
  at: number[];
  /** The place of its weight; none without weights. */
  weight: number[] | null;
}

/** What an output reads: input by input, in row-major order. */
export function sources(node: NodeData, at: Position): Source[] {
  const { inputs, weight } = node.reads;
  const found: Source[] = [];
  inputs.forEach((axes, branch) => {
    const pairs = axes.map((axis) => read(axis, at));
    const rank = pairs.length;
    if (pairs.some((p) => p.length === 0)) return;
    const index = new Array<number>(rank).fill(0);
    for (;;) {
      found.push({
        branch,
        at: pairs.map((p, k) => p[index[k]][1]),
        weight:
          weight &&
          weight.index.map(([which, k]) => (which === "tap" ? pairs[k][index[k]][0] : at[k])),
      });
      let axis = rank - 1;
      while (axis >= 0 && ++index[axis] === pairs[axis].length) index[axis--] = 0;
      if (axis < 0) break;
    }
  });
  return found;
}

/** The outputs of a node that read a value of one of its inputs, in row-major order. */
export function dependents(node: NodeData, branch: number, at: Position): number[][] {
  const axes = node.reads.inputs[branch];
  const choices = node.shape.map((length) => Array.from({ length }, (_, k) => k));
  const origin = node.shape.map(() => 0);
  for (let k = 0; k < axes.length; k++) {
    const axis = axes[k];
    if (axis.follows.length === 0) {
      if (tapOf(axis, origin, at[k]) === null) return [];
      continue;
    }
    const followed = axis.follows[0].axis;
    choices[followed] = choices[followed].filter((place) => {
      const output = origin.slice();
      output[followed] = place;
      return tapOf(axis, output, at[k]) !== null;
    });
  }
  let found: number[][] = [[]];
  for (const choice of choices) found = found.flatMap((head) => choice.map((c) => [...head, c]));
  return found;
}

/** The place of the weight by which an output multiplies a value. */
export function weightOf(
  node: NodeData,
  output: Position,
  branch: number,
  at: Position,
): number[] | null {
  const { inputs, weight } = node.reads;
  if (!weight) return null;
  return weight.index.map(([which, k]) =>
    which === "output" ? output[k] : (tapOf(inputs[branch][k], output, at[k]) ?? -1),
  );
}

/** The place of the one value that an output multiplies with a weight; none if it reads none. */
export function readWith(node: NodeData, weight: Position, output: Position): number[] | null {
  const place = node.reads.weight;
  if (!place || node.reads.inputs.length !== 1) return null;
  const taps = new Map<number, number>();
  for (let i = 0; i < place.index.length; i++) {
    const [which, k] = place.index[i];
    if (which === "tap") taps.set(k, weight[i]);
    else if (output[k] !== weight[i]) return null;
  }
  const found: number[] = [];
  for (const [k, axis] of node.reads.inputs[0].entries()) {
    if (axis.taps > 1 && !taps.has(k)) return null;
    const sum = base(axis, output) + axis.dilation * (taps.get(k) ?? 0);
    const at = sum / axis.divisor;
    if (!Number.isInteger(at) || at < 0 || at >= axis.length) return null;
    found.push(at);
  }
  return found;
}
