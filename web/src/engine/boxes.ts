/**
 * Boxes in a map of classes and distances, as `pellucid/ops/find_boxes.py` finds them, or in
 * regions: see `regions.ts`.
 */

import type { BoxesData, NodeData, Position } from "./data";
import { edgesOf, findRegions, logitOf, numberOf, regionTerms } from "./regions";
import type { Term, Terms } from "./terms";

/** Numbers of a row: x0, y0, x1, y1, probability, class. */
export const COLUMNS = 6;

/** The edges whose distances a cell gives, in the order of its channels. */
export const SIDES = ["left", "top", "right", "bottom"] as const;

/** Distances are s·e^z with |z| at most this. */
export const MOST_LOG = 8;

/** The place of the class in a row. */
const CLASS = 5;

/** Candidates that are looked at for each box that is answered, at most. */
const CANDIDATES = 10;

export interface FoundBox {
  /** x0, y0, x1, y1 in pixels of what the network takes. */
  box: readonly [number, number, number, number];
  probability: number;
  /** The place of its class. */
  class: number;
  /** Row and column of the cell that it was found in; or the region. */
  place: readonly number[];
}

export function findBoxes(
  settings: BoxesData,
  z: ArrayLike<number>,
  shape: readonly number[],
): FoundBox[] {
  const candidates = settings.size
    ? findRegions(settings, settings.size, z, shape)
    : findCells(settings, settings.stride!, z, shape);
  candidates.sort((a, b) => b.probability - a.probability); // of equals the first in reading order
  return kept(candidates.slice(0, CANDIDATES * settings.most), settings);
}

function findCells(
  settings: BoxesData,
  stride: number,
  z: ArrayLike<number>,
  [height, width, depth]: readonly number[],
): FoundBox[] {
  const classes = depth - SIDES.length;
  const at = (row: number, column: number, k: number): number =>
    row < 0 || column < 0 || row >= height || column >= width
      ? -1
      : sigmoid(z[(row * width + column) * depth + k]);
  const candidates: FoundBox[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let k = 0; k < classes; k++) {
        const p = at(row, column, k);
        if (p >= settings.least && largestAround(at, row, column, k, p)) {
          const place = (row * width + column) * depth + classes;
          const box = boxOf(stride, z, place, [row, column], [height, width]);
          candidates.push({ box, probability: p, class: k, place: [row, column] });
        }
      }
    }
  }
  return candidates;
}

/** Whether a value is the largest of the 3×3 around, of equals the first. */
function largestAround(
  at: (row: number, column: number, k: number) => number,
  row: number,
  column: number,
  k: number,
  p: number,
): boolean {
  for (let i = -1; i <= 1; i++) {
    for (let j = -1; j <= 1; j++) {
      const before = i < 0 || (i === 0 && j < 0);
      const other = i === 0 && j === 0 ? -1 : at(row + i, column + j, k);
      if (before ? other >= p : other > p) return false;
    }
  }
  return true;
}

function boxOf(
  stride: number,
  z: ArrayLike<number>,
  place: number,
  [row, column]: readonly [number, number],
  [height, width]: readonly [number, number],
): FoundBox["box"] {
  const [left, top, right, bottom] = SIDES.map((_, k) => distance(stride, z[place + k]));
  const [x, y] = [(column + 0.5) * stride, (row + 0.5) * stride];
  const within = (value: number, cells: number): number =>
    Math.min(Math.max(value, 0), cells * stride);
  return [
    within(x - left, width),
    within(y - top, height),
    within(x + right, width),
    within(y + bottom, height),
  ];
}

/** Pixels from a cell's middle to an edge, of the output that stands for them. */
export function distance(stride: number, z: number): number {
  return stride * Math.exp(Math.min(Math.max(z, -MOST_LOG), MOST_LOG));
}

export function sigmoid(x: number): number {
  const small = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : small) / (1 + small);
}

/** Those that overlap none of their class before them by more than a bound. */
function kept(candidates: readonly FoundBox[], { overlap, most }: BoxesData): FoundBox[] {
  const found: FoundBox[] = [];
  for (const each of candidates) {
    const size = area(each.box);
    if (size <= 0) continue;
    const hidden = found.some((other) => {
      if (other.class !== each.class) return false;
      const common = shared(each.box, other.box);
      return common > overlap * (area(other.box) + size - common);
    });
    if (hidden) continue;
    found.push(each);
    if (found.length === most) break;
  }
  return found;
}

function area([x0, y0, x1, y1]: FoundBox["box"]): number {
  return (x1 - x0) * (y1 - y0);
}

function shared(a: FoundBox["box"], b: FoundBox["box"]): number {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return Math.max(wide, 0) * Math.max(high, 0);
}

/** Rows as Python's operation gives them: those without a box are zeros and the class −1. */
export function rowsOf(boxes: readonly FoundBox[], most: number): Float64Array {
  const rows = new Float64Array(most * COLUMNS);
  for (let n = 0; n < most; n++) {
    const found = boxes[n];
    const row = found ? [...found.box, found.probability, found.class] : [0, 0, 0, 0, 0, -1];
    rows.set(row, n * COLUMNS);
  }
  return rows;
}

/** The place in the outputs of the value that a number of a box comes from: its logit, or one of four. */
export function madeOf(
  settings: BoxesData,
  found: FoundBox,
  column: number,
  depth: number,
): number[] {
  const k = column < SIDES.length ? column : null;
  if (settings.size) return k === null ? logitOf(found) : numberOf(found, k, depth);
  return [...found.place, k === null ? found.class : depth - SIDES.length + k];
}

/** A number of a box as what it is made of: one value of its cell. */
export function boxTerms(
  settings: BoxesData,
  node: NodeData,
  boxes: readonly FoundBox[],
  read: (at: Position) => number,
  [n, column]: Position,
  [value, depth]: readonly [number, number],
): Terms {
  const found = boxes[n];
  if (found && settings.size && column !== CLASS)
    return regionTerms(settings.size, node.inputs[0], found, read, column, [value, depth]);
  const terms: Term[] = [];
  if (found) {
    const at = madeOf(settings, found, column, depth);
    const term = { layer: node.inputs[0], at, value: read(at), factor: null, weight: null };
    terms.push({ ...term, product: value });
  }
  return { rule: "function", terms, bias: null, own: 0, total: value, value };
}

/** The numbers of boxes that are made of a value of the outputs. */
export function numbersOf(
  settings: BoxesData,
  boxes: readonly FoundBox[],
  at: Position,
  depth: number,
): number[][] {
  const own = (found: FoundBox, column: number): boolean =>
    settings.size
      ? edgesOf(found, at, depth).includes(column)
      : madeOf(settings, found, column, depth).every((place, axis) => place === at[axis]);
  return boxes.flatMap((found, n) =>
    Array.from({ length: COLUMNS }, (_, column) => column)
      .filter((column) => own(found, column))
      .map((column) => [n, column]),
  );
}
