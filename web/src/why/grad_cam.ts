/** Grad-CAM: in which part of the picture a layer's maps speak for a score (Selvaraju et al. 2017). */

import type { Network, Values } from "../engine/network";
import { type Question, seedOf } from "./score";

/** Of a sum of float32 products, as a share of their sizes. */
const ROUNDING = 1e-6;

export interface Cam {
  layer: string;
  /** (h, w), not negative: ReLU(Σ_k w_k · A_k), w_k the mean gradient of map k. */
  map: Float64Array;
  shape: [number, number];
  /** Whether nothing is left, because everything there speaks against the score. */
  empty: boolean;
}

export async function gradCam(
  network: Network,
  values: Values,
  question: Question,
  layer: string,
): Promise<Cam> {
  const [height, width, channels] = network.shapes.get(layer)!;
  const maps = values.of(layer);
  const outputs = values.of(network.data.graph.output).length;
  const gradients = await network.differentiate(values.pixels, seedOf(question, outputs));
  const gradient = gradients.at(layer);
  const weights = new Float64Array(channels);
  for (let i = 0; i < gradient.length; i++) weights[i % channels] += gradient[i] / (height * width);
  const map = new Float64Array(height * width);
  let [highest, largest] = [-Infinity, 0];
  for (let place = 0; place < map.length; place++) {
    let size = 0;
    for (let k = 0; k < channels; k++) {
      const product = weights[k] * maps[place * channels + k];
      map[place] += product;
      size += Math.abs(product);
    }
    highest = Math.max(highest, map[place]);
    largest = Math.max(largest, size);
  }
  const empty = highest <= ROUNDING * largest;
  return {
    layer,
    map: empty ? map.fill(0) : map.map((x) => Math.max(x, 0)),
    shape: [height, width],
    empty,
  };
}

/** A map brought to another size, bilinearly, positions being little squares. */
export function enlarged(
  map: Float64Array,
  [h, w]: readonly [number, number],
  height: number,
  width: number,
): Float64Array {
  const rows = mixes(height, h);
  const columns = mixes(width, w);
  const found = new Float64Array(height * width);
  rows.forEach(([top, bottom, down], y) => {
    columns.forEach(([left, right, across], x) => {
      const upper = map[top * w + left] * (1 - across) + map[top * w + right] * across;
      const lower = map[bottom * w + left] * (1 - across) + map[bottom * w + right] * across;
      found[y * width + x] = upper * (1 - down) + lower * down;
    });
  });
  return found;
}

/** Of each of `length` places: the two given ones that it lies between, and how far on it is. */
function mixes(length: number, given: number): [number, number, number][] {
  return Array.from({ length }, (_, place) => {
    const centre = Math.min(Math.max(((place + 0.5) * given) / length - 0.5, 0), given - 1);
    const low = Math.floor(centre);
    return [low, Math.min(low + 1, given - 1), centre - low];
  });
}
