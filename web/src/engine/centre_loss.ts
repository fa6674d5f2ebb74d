/**
 * Python's `pellucid/ops/centre_loss.py`: the loss of a map of classes and distances, by the boxes
 * that are right of a picture, and its gradient at the map.
 */

import { distance, MOST_LOG, SIDES, sigmoid } from "./boxes";
import type { CentreLossData } from "./data";
import type { Lost } from "./losses";

/** Numbers of a box that is right: x0, y0, x1, y1 in pixels of what the network takes, its class. */
export const RIGHT = 5;

/** What boxes ask of a map of cells. */
interface Asked {
  /** How near the centre of a box of each class is, 0 to 1; (h, w, K). */
  heat: Float64Array;
  /** 1 where the centre of a box of the class is. */
  centres: Uint8Array;
  /** How much a cell counts for its box, 0 of cells without one, and which box that is. */
  weights: Float64Array;
  owner: Int32Array;
}

/** @param targets the boxes, RIGHT numbers each */
export function centreLoss(
  about: CentreLossData,
  z: Float64Array,
  targets: Float64Array,
  shape: readonly number[],
): Lost {
  const [height, width, depth] = shape;
  const classes = depth - SIDES.length;
  const boxes = Array.from({ length: targets.length / RIGHT }, (_, b) =>
    Array.from(targets.subarray(b * RIGHT, (b + 1) * RIGHT)),
  );
  const count = Math.max(1, boxes.length);
  const asked = askedOf(about, boxes, height, width, classes);
  const gradient = new Float64Array(z.length);
  let loss = 0;
  for (let cell = 0; cell < height * width; cell++) {
    for (let k = 0; k < classes; k++) {
      const at = cell * depth + k;
      const place = cell * classes + k;
      const [value, slope] = asked.centres[place]
        ? atCentre(z[at])
        : elsewhere(z[at], (1 - asked.heat[place]) ** 4);
      loss += value;
      gradient[at] = slope / count;
    }
    const weight = about.box_weight * asked.weights[cell];
    if (!weight) continue;
    const logs = z.subarray(cell * depth + classes, (cell + 1) * depth);
    const x = ((cell % width) + 0.5) * about.stride;
    const y = (Math.floor(cell / width) + 0.5) * about.stride;
    const [x0, y0, x1, y1] = boxes[asked.owner[cell]];
    const found = Array.from(logs, (log) => distance(about.stride, log));
    const { value, slopes } = overlap(found, [x - x0, y - y0, x1 - x, y1 - y]);
    loss += weight * (1 - value);
    slopes.forEach((slope, k) => {
      const moves = Math.abs(logs[k]) <= MOST_LOG;
      gradient[cell * depth + classes + k] = moves ? (-weight * slope * found[k]) / count : 0;
    });
  }
  return { loss: loss / count, gradient };
}

/** ln(1 + e^x), of large x too. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** −(1 − p)² ln p, and its slope. */
function atCentre(z: number): [number, number] {
  const [p, rest, log] = [sigmoid(z), sigmoid(-z), -softplus(-z)];
  return [-(rest ** 2) * log, rest ** 2 * (2 * p * log - rest)];
}

/** −weight · p² ln(1 − p), and its slope. */
function elsewhere(z: number, weight: number): [number, number] {
  const [p, rest, log] = [sigmoid(z), sigmoid(-z), -softplus(z)];
  return [-weight * p ** 2 * log, weight * p ** 2 * (p - 2 * rest * log)];
}

function askedOf(
  { stride, spread }: CentreLossData,
  boxes: readonly number[][],
  height: number,
  width: number,
  classes: number,
): Asked {
  const heat = new Float64Array(height * width * classes);
  const centres = new Uint8Array(heat.length);
  const weights = new Float64Array(height * width);
  const owner = new Int32Array(height * width);
  const sizes = boxes.map(([x0, y0, x1, y1]) => [(x1 - x0) / stride, (y1 - y0) / stride]);
  const area = (b: number): number => sizes[b][0] * sizes[b][1];
  // the smallest last, of equals the first: each takes its cells from those before
  const order = Array.from(boxes.keys()).sort((a, b) => area(b) - area(a) || b - a);
  for (const b of order) {
    const [x0, y0, x1, y1, k] = boxes[b];
    const cell = (low: number, high: number, cells: number): number =>
      Math.min(Math.max(Math.floor((low + high) / 2 / stride), 0), cells - 1);
    const [column, row] = [cell(x0, x1, width), cell(y0, y1, height)];
    const [wide, high] = sizes[b].map((size) => spread * size);
    const bell = (i: number, j: number): number =>
      Math.exp(-((i - row) ** 2) / (2 * (high / 6) ** 2)) *
      Math.exp(-((j - column) ** 2) / (2 * (wide / 6) ** 2));
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const place = (i * width + j) * classes + k;
        heat[place] = Math.max(heat[place], bell(i, j));
      }
    }
    centres[(row * width + column) * classes + k] = 1;
    const own: number[] = [];
    let total = 0;
    const [down, across] = [Math.trunc(high / 2), Math.trunc(wide / 2)];
    for (let i = Math.max(0, row - down); i <= Math.min(height - 1, row + down); i++) {
      for (let j = Math.max(0, column - across); j <= Math.min(width - 1, column + across); j++) {
        own.push(i * width + j);
        total += bell(i, j);
      }
    }
    for (const place of own) {
      weights[place] = bell(Math.floor(place / width), place % width) / total;
      owner[place] = b;
    }
  }
  return { heat, centres, weights, owner };
}

/** Generalised intersection over union of two boxes by their distances, and its slopes at the first's. */
function overlap(
  found: readonly number[],
  wanted: readonly number[],
): { value: number; slopes: number[] } {
  const size = (edges: readonly number[]): number[] => [edges[0] + edges[2], edges[1] + edges[3]];
  const [width, height] = size(found);
  const inner = size(found.map((edge, k) => Math.min(edge, wanted[k]))).map((x) => Math.max(x, 0));
  const outer = size(found.map((edge, k) => Math.max(edge, wanted[k])));
  const other = size(wanted);
  const [common, hull] = [inner[0] * inner[1], outer[0] * outer[1]];
  const union = width * height + other[0] * other[1] - common;
  const slopes = found.map((edge, k) => {
    const across = 1 - (k % 2);
    const at = (1 / hull - common / union ** 2) * [width, height][across];
    if (edge > wanted[k]) return at - (union / hull ** 2) * outer[across];
    const inside = 1 / union + common / union ** 2 - 1 / hull;
    return common > 0 ? at + inside * inner[across] : at;
  });
  return { value: common / union - (hull - union) / hull, slopes };
}
