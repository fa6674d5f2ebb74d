/** Boxes in rows of regions, as `pellucid/ops/find_regions.py` finds them, and where proposals are from. */

import { type FoundBox, sigmoid } from "./boxes";
import type { BoxesData, NodeData, Position, Shape } from "./data";
import type { Term, Terms } from "./terms";

/** Numbers of a region in a row: x0, y0, x1, y1, probability, class. */
const COLUMNS = 6;
const CLASS = 5;

/** What a box's numbers are multiplied with: x, y, width, height. */
const DEVIATIONS = [0.1, 0.1, 0.2, 0.2];

/** A box grows or shrinks by at most e^this. */
const MOST_LOG = Math.log(1000 / 16);

/** How far apart probabilities of one anchor may be that were computed by two programs. */
const ALIKE = 1e-6;

type Box = FoundBox["box"];
type Read = (at: Position) => number;

/** How many classes rows of a width have. */
const classesOf = (depth: number): number => (depth - COLUMNS - 1) / 5;

/** The place of the logit that a box was found by; that of background is the first of its row. */
export const logitOf = ({ place, class: k }: FoundBox): number[] => [...place, COLUMNS + 1 + k];
export const backgroundOf = ({ place }: FoundBox): number[] => [...place, COLUMNS];

/** The place of one of its four numbers: x, y, width, height. */
export function numberOf({ place, class: k }: FoundBox, number: number, depth: number): number[] {
  return [...place, COLUMNS + 1 + classesOf(depth) + 4 * k + number];
}

/** Candidates in the rows of all regions, in their order. */
export function findRegions(
  settings: BoxesData,
  size: readonly [number, number],
  z: ArrayLike<number>,
  [regions, depth]: readonly number[],
): FoundBox[] {
  const classes = classesOf(depth);
  const found: FoundBox[] = [];
  for (let region = 0; region < regions; region++) {
    const start = region * depth;
    if (!(z[start + CLASS] >= 0)) continue;
    const logits = Array.from({ length: classes + 1 }, (_, k) => z[start + COLUMNS + k]);
    const top = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0);
    for (let k = 0; k < classes; k++) {
      const probability = Math.exp(logits[k + 1] - top) / total;
      if (!(probability >= settings.least)) continue;
      const own = { place: [region], class: k, probability, box: [0, 0, 0, 0] as Box };
      const t = DEVIATIONS.map((d, n) => d * z[start + numberOf(own, n, depth)[1]]);
      own.box = within(decoded([0, 1, 2, 3].map((n) => z[start + n]) as never, t), size);
      found.push(own);
    }
  }
  return found;
}

/** What numbers make of a box that they are relative to. */
function decoded([x0, y0, x1, y1]: Box, t: ArrayLike<number>): Box {
  const [wide, high] = [x1 - x0, y1 - y0];
  const [x, y] = [(x0 + x1) / 2 + t[0] * wide, (y0 + y1) / 2 + t[1] * high];
  const [w, h] = [(wide * power(t[2])) / 2, (high * power(t[3])) / 2];
  return [x - w, y - h, x + w, y + h];
}

const power = (t: number): number => Math.exp(Math.min(Math.max(t, -MOST_LOG), MOST_LOG));

/** A box cut off at the edges of a picture of (height, width). */
const within = (box: Box, [height, width]: readonly [number, number]): Box =>
  box.map((end, k) => Math.min(Math.max(end, 0), k % 2 ? height : width)) as never;

/** A box's probability as its share, or an edge as the sum of a middle, a shift and half a size. */
export function regionTerms(
  size: readonly [number, number],
  layer: string,
  found: FoundBox,
  read: Read,
  column: number,
  [value, depth]: readonly [number, number],
): Terms {
  const term = (place: number): Term => {
    const at = [...found.place, place];
    return { layer, at, value: read(at), factor: null, product: 0, weight: null };
  };
  if (column === 4) {
    const terms = Array.from({ length: classesOf(depth) + 1 }, (_, k) => term(COLUMNS + k));
    const top = Math.max(...terms.map((each) => each.value));
    for (const each of terms) each.product = Math.exp(each.value - top);
    const all = terms.reduce((sum, each) => sum + each.product, 0);
    const own = found.class + 1;
    const total = terms[own].product / all;
    return { rule: "share", terms, bias: null, own, total, value };
  }
  const axis = column % 2;
  const ends = [term(axis), term(axis + 2)];
  const length = ends[1].value - ends[0].value;
  const numbers = [axis, axis + 2].map((n) => term(numberOf(found, n, depth)[1]));
  for (const end of ends) [end.factor, end.product] = [0.5, end.value / 2];
  const deviations = [DEVIATIONS[axis], DEVIATIONS[axis + 2]];
  return edge([...ends, ...numbers], column, length, deviations, null, size[1 - axis], value);
}

/** An edge of which the last two terms are the shift and the logarithm of the size. */
function edge(
  terms: Term[],
  column: number,
  length: number,
  [ofShift, ofSize]: readonly number[],
  middle: number | null,
  end: number,
  value: number,
): Terms {
  const [shift, size] = terms.slice(-2);
  [shift.factor, shift.product] = [ofShift * length, shift.value * ofShift * length];
  size.product = ((column < 2 ? -length : length) * power(ofSize * size.value)) / 2;
  size.factor = size.value === 0 ? null : size.product / size.value;
  const sum = terms.reduce((all, each) => all + each.product, middle ?? 0);
  const total = Math.min(Math.max(sum, 0), end);
  const bias = middle === null ? null : { value: middle, weight: null };
  return { rule: "sum", terms, bias, own: 0, total, value };
}

/** What a number of a box says in pixels: how far its middle is from the region's, or its size. */
export function pixelsOf(found: FoundBox, number: number, read: Read, depth: number): number {
  const [low, high] = [number % 2, (number % 2) + 2].map((end) => read([...found.place, end]));
  const t = DEVIATIONS[number] * read(numberOf(found, number, depth));
  return (high - low) * (number < 2 ? t : power(t));
}

/** Which numbers of a box are made of a value of the outputs. */
export function edgesOf(found: FoundBox, [region, column]: Position, depth: number): number[] {
  if (region !== found.place[0] || column === 4 || column === CLASS) return [];
  if (column < 4) return [column % 2, (column % 2) + 2];
  const own = column - numberOf(found, 0, depth)[1];
  if (own >= 0 && own < 4) return [own % 2, (own % 2) + 2];
  if (column === logitOf(found)[1]) return [4, CLASS];
  return column <= COLUMNS + classesOf(depth) ? [4] : [];
}

/** The cell that an anchor is around, and which of its anchors it is. */
export interface Anchor {
  cell: readonly [number, number];
  own: number;
}

/** Of each row of proposals the anchor that it was made of; none of rows without a box. */
export function anchorsOf(
  { anchors, shape: [count] }: NodeData,
  z: ArrayLike<number>,
  [height, width, depth]: Shape,
  rows: ArrayLike<number>,
): (Anchor | null)[] {
  const { stride, sizes } = anchors!;
  const every = height * width * sizes.length;
  const probabilities = new Float64Array(every);
  const anchorAt = (place: number): Anchor => {
    const cell = Math.floor(place / sizes.length);
    return { cell: [Math.floor(cell / width), cell % width], own: place % sizes.length };
  };
  const start = ({ cell }: Anchor): number => (cell[0] * width + cell[1]) * depth;
  for (let place = 0; place < every; place++) {
    const anchor = anchorAt(place);
    probabilities[place] = sigmoid(z[start(anchor) + anchor.own]);
  }
  return Array.from({ length: count }, (_, row) => {
    const [x0, y0, x1, y1, p, none] = Array.from(
      { length: COLUMNS },
      (__, k) => rows[COLUMNS * row + k],
    );
    let [found, least]: [Anchor | null, number] = [null, Infinity];
    for (let place = 0; place < every && none >= 0; place++) {
      if (Math.abs(probabilities[place] - p) > ALIKE) continue;
      const anchor = anchorAt(place);
      const at = start(anchor) + sizes.length + 4 * anchor.own;
      const t = [0, 1, 2, 3].map((k) => z[at + k]);
      const box = within(decoded(around(anchor, stride, sizes), t), [
        height * stride,
        width * stride,
      ]);
      const apart = Math.max(...[x0, y0, x1, y1].map((end, k) => Math.abs(end - box[k])));
      if (apart < least) [found, least] = [anchor, apart];
    }
    return found;
  });
}

function around(
  { cell, own }: Anchor,
  stride: number,
  sizes: readonly (readonly [number, number])[],
): Box {
  const [y, x] = cell.map((place) => (place + 0.5) * stride);
  const [w, h] = sizes[own].map((side) => side / 2);
  return [x - w, y - h, x + w, y + h];
}

/** A number of a proposal: of the probability its logit, of an edge the anchor's numbers. */
export function proposalTerms(
  node: NodeData,
  anchor: Anchor | null,
  read: Read,
  column: number,
  value: number,
  [height, width]: Shape,
): Terms {
  const { stride, sizes } = node.anchors!;
  const term = (channel: number): Term => {
    const at = [...anchor!.cell, channel];
    return {
      layer: node.inputs[0],
      at,
      value: read(at),
      factor: null,
      product: value,
      weight: null,
    };
  };
  const none: Terms = { rule: "function", terms: [], bias: null, own: 0, total: value, value };
  if (!anchor || column === CLASS) return none;
  if (column === 4) {
    const own = term(anchor.own);
    return { ...none, terms: [own], total: sigmoid(own.value) };
  }
  const axis = column % 2;
  const [low, , high] = around(anchor, stride, sizes).slice(axis);
  const terms = [axis, axis + 2].map((k) => term(sizes.length + 4 * anchor.own + k));
  const end = (axis ? height : width) * stride;
  return edge(terms, column, high - low, [1, 1], (low + high) / 2, end, value);
}

/** The numbers of proposals that are made of a value of the map of anchors. */
export function proposalsOf(
  node: NodeData,
  anchors: readonly (Anchor | null)[],
  [y, x, channel]: Position,
): number[][] {
  const count = node.anchors!.sizes.length;
  const own = channel < count ? channel : Math.floor((channel - count) / 4);
  const axis = (channel - count) % 2;
  const columns = channel < count ? [4] : [axis, axis + 2];
  return anchors.flatMap((anchor, row) =>
    anchor?.own === own && anchor.cell[0] === y && anchor.cell[1] === x
      ? columns.map((column) => [row, column])
      : [],
  );
}
