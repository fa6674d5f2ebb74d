/** The terms of an opened value as windows: what is read of each map, laid out as it lies there. */

import type { NodeData, Position } from "./data";
import { positions } from "./reads";
import type { Term } from "./terms";

/** What is read of one map of one input. */
export interface Read {
  layer: string;
  channel: number;
  /** Rows and columns of the map, from the first; those outside it too. */
  rows: number[];
  columns: number[];
  /** The number of the term at each row and column, row by row; none outside the map. */
  terms: (number | null)[];
  /** What all of them contribute. */
  sum: number;
}

/** The windows of a value, the strongest contribution first; none of single values. */
export function windowsOf(node: NodeData, at: Position, terms: readonly Term[]): Read[] {
  const found = new Map<string, Read>();
  const laid = node.inputs.map((layer, branch) => {
    const axes = node.reads.inputs[branch];
    if (axes.length !== 3) return null;
    return [0, 1].map((k) => {
      if (!axes[k].located) return positions(axes[k], at).sort((a, b) => a - b);
      const read = terms.filter((term) => term.layer === layer).map((term) => term.at[k]);
      return [...new Set(read)].sort((a, b) => a - b);
    });
  });
  const weighted = terms.some(({ factor }) => factor !== null);
  const adds = (layer: string): boolean =>
    terms.some((term) => term.layer === layer && (!weighted || term.factor !== null));
  const single = laid.every((axes) => axes?.every((places) => places.length === 1));
  const unlaid = laid.some((axes, branch) => axes === null && adds(node.inputs[branch]));
  if (single || unlaid || node.anchors || node.gates) return [];
  terms.forEach((term, index) => {
    if (weighted && term.factor === null) return; // it says where to read, and adds nothing
    const [row, column, channel] = term.at;
    const [rows, columns] = laid[node.inputs.indexOf(term.layer)]!;
    const key = `${channel} ${term.layer}`;
    let read = found.get(key);
    if (!read) {
      const empty = new Array<null>(rows.length * columns.length).fill(null);
      read = { layer: term.layer, channel, rows, columns, terms: empty, sum: 0 };
      found.set(key, read);
    }
    read.terms[rows.indexOf(row) * columns.length + columns.indexOf(column)] = index;
    read.sum += term.product;
  });
  return [...found.values()].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
}

/** How many float32 numbers lie between two values. */
export function float32Steps(a: number, b: number): number {
  const order = (x: number): number => {
    const bits = new Int32Array(Float32Array.of(x).buffer)[0];
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(order(a) - order(b));
}

/** Of what is added up, how much rounding on the way to the engine's value can change at most. */
const ROUNDING = 1e-3;

/** Whether rounding explains that a sum and the engine's value are apart. */
export function roundedApart(total: number, value: number, terms: readonly number[]): boolean {
  const size = terms.reduce((sum, term) => sum + Math.abs(term), Math.abs(value));
  return !(Math.abs(total - value) > ROUNDING * size);
}
