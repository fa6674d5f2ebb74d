/** Which values an output value reads, and who reads a value; see `pellucid/ops/reads.py`. */

import { offset } from "./arrays";
import type { Axis, Cut, NodeData, Position } from "./data";

/** A value of one of a node's inputs, by which others are located. */
export type Known = (branch: number, at: Position) => number;

/** What an output position reads where positions and factors are given; none where they are not. */
function given(
  axis: Axis,
  at: Position,
  known?: Known,
): [position: number, factor: number][] | null {
  const { table, located } = axis;
  if (table) {
    const place = table.by.map((followed) => at[followed]);
    const entries = table.entries[offset(table.shape, place)];
    return entries.map(([position, factor]) => [position, factor ?? NaN]);
  }
  if (!located || !known) return null;
  if ("parts" in located) return ofPart(located, at, axis.length, known);
  const place = located.by.map((followed) => at[followed]);
  const v = known(located.branch, [...place, located.channel]);
  return beside(located.scale * v + located.offset, axis.length, located.steep);
}

/** The place of the class in a row of boxes that has one; below 0 there is no box. */
const CLASS = 5;

/** What a part of a box reads of an axis. */
function ofPart(cut: Cut, at: Position, length: number, known: Known): [number, number][] {
  const [row, part] = cut.by.map((followed) => at[followed]);
  const number = (place: number) => known(cut.branch, [row, place]);
  const finite = [0, 1, 2, 3].every((place) => Number.isFinite(number(place)));
  if (!finite || (cut.numbers > CLASS && number(CLASS) < 0)) return [];
  const factors = new Map<number, number>();
  const add = (place: number, factor: number) => {
    if (factor !== 0) factors.set(place, (factors.get(place) ?? 0) + factor);
  };
  if (cut.samples) {
    const [low, high] = [number(cut.low), number(cut.low + 2)].map((end) => end * cut.scale);
    for (let k = 0; k < cut.samples; k++) {
      const step = part + (k + 0.5) / cut.samples;
      const place = low - 0.5 + (step * (high - low)) / cut.parts;
      if (!(place >= -1 && place <= length)) continue;
      const held = Math.min(Math.max(place, 0), length - 1);
      const first = Math.floor(held);
      add(first, (1 - (held - first)) / cut.samples);
      add(first + 1, (held - first) / cut.samples);
    }
  } else {
    const [first, last] = [cut.low, cut.low + 2].map((place) => rounded(number(place), cut.scale));
    const whole = Math.max(last - first + 1, 1);
    const start = Math.max(first + Math.floor((part * whole) / cut.parts), 0);
    const stop = Math.min(first + Math.ceil(((part + 1) * whole) / cut.parts), length);
    for (let place = start; place < stop; place++) add(place, 1);
  }
  return [...factors].sort(([a], [b]) => a - b);
}

/** The nearest whole number at the scale of the map, of halves the one further from 0; in float32. */
function rounded(end: number, scale: number): number {
  const place = Math.fround(Math.fround(end) * Math.fround(scale));
  return Math.sign(place) * Math.floor(Math.fround(Math.abs(place) + 0.5));
}

/** The whole positions beside a place that are on an axis and have a part in it. */
function beside(
  place: number,
  length: number,
  steep = false,
): [position: number, factor: number][] {
  if (!Number.isFinite(place)) return [];
  const low = Math.floor(place);
  const share = place - low;
  const pairs: [number, number][] = [
    [low, steep ? -1 : 1 - share],
    [low + 1, steep ? 1 : share],
  ];
  return pairs.filter(([at, factor]) => at >= 0 && at < length && factor !== 0);
}

/** The followed sum at an output position, times the divisor. */
function base(axis: Axis, at: Position): number {
  let total = -axis.before;
  for (const { axis: followed, stride, divide, modulo } of axis.follows) {
    const step = Math.floor(at[followed] / divide);
    total += stride * (modulo === null ? step : step % modulo);
  }
  return total;
}

/** A tap, the position that an output position reads by it, and the factor; 1 if there is none. */
type Read = [tap: number, position: number, factor: number];

/** What an output position reads along an axis. */
function read(axis: Axis, at: Position, known?: Known): Read[] {
  const written = given(axis, at, known);
  if (written) return written.map(([place, factor], tap) => [tap, place, factor]);
  const start = base(axis, at);
  const found: Read[] = [];
  for (let tap = 0; tap < axis.taps; tap++) {
    const sum = start + axis.dilation * tap;
    if (sum % axis.divisor !== 0) continue;
    const place = sum / axis.divisor;
    if (place >= 0 && place < axis.length) found.push([tap, place, 1]);
  }
  return found;
}

/** The positions that an output position reads along an axis, by tap; those outside too. */
export function positions(axis: Axis, at: Position): number[] {
  const written = given(axis, at);
  if (written) return written.map(([place]) => place);
  const start = base(axis, at);
  const sums = Array.from({ length: axis.taps }, (_, tap) => start + axis.dilation * tap);
  return sums.filter((sum) => sum % axis.divisor === 0).map((sum) => sum / axis.divisor);
}

/** By which tap an output position reads a position, or none. */
function tapOf(axis: Axis, at: Position, place: number, known?: Known): number | null {
  const written = given(axis, at, known);
  if (written) {
    const found = written.findIndex(([position]) => position === place);
    return found < 0 ? null : found;
  }
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
  /** What its value is multiplied with, where that is given with the positions; else none. */
  factor: number | null;
}

/** Whether positions, and factors with them, are given and not counted. */
export const isGiven = (axis: Axis): boolean => axis.table !== null || axis.located !== null;

/**
 * What an output reads: input by input, in row-major order.
 *
 * @param known the values by which others are located; without it, all that may be read
 */
export function sources(node: NodeData, at: Position, known?: Known): Source[] {
  const { inputs, weight } = node.reads;
  const found: Source[] = [];
  inputs.forEach((axes, branch) => {
    const factors = axes.some(isGiven);
    const pairs = axes.map((axis) => read(axis, at, known));
    const rank = pairs.length;
    if (pairs.some((p) => p.length === 0)) return;
    const index = new Array<number>(rank).fill(0);
    for (;;) {
      found.push({
        branch,
        at: pairs.map((p, k) => p[index[k]][1]),
        factor: factors ? pairs.reduce((product, p, k) => product * p[index[k]][2], 1) : null,
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

/**
 * The outputs of a node that read a value of one of its inputs, in row-major order.
 *
 * @param known the values by which others are located; without it, all that may read it
 */
export function dependents(
  node: NodeData,
  branch: number,
  at: Position,
  known?: Known,
): number[][] {
  const axes = node.reads.inputs[branch];
  const choices = node.shape.map((length) => Array.from({ length }, (_, k) => k));
  const origin = node.shape.map(() => 0);
  /** Axes that go by several of the output's: each place is asked. */
  const joint: number[] = [];
  for (let k = 0; k < axes.length; k++) {
    const axis = axes[k];
    const by = axis.table?.by ?? axis.located?.by ?? [...new Set(axis.follows.map((f) => f.axis))];
    if (by.length > 1 || axis.located) {
      joint.push(k);
    } else if (by.length === 0) {
      if (tapOf(axis, origin, at[k]) === null) return [];
    } else {
      const [followed] = by;
      choices[followed] = choices[followed].filter((place) => {
        const output = origin.slice();
        output[followed] = place;
        return tapOf(axis, output, at[k]) !== null;
      });
    }
  }
  let found: number[][] = [[]];
  for (const choice of choices) found = found.flatMap((head) => choice.map((c) => [...head, c]));
  return found.filter((output) =>
    joint.every((k) => tapOf(axes[k], output, at[k], known) !== null),
  );
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
