/**
 * The filters that pictures are resized with, as Pillow has them: as wide as the reduction, with
 * weights of 22 binary places and a result that is rounded to a byte.
 */

/** `box` averages; it is what drawings are made smaller with. */
export type Filter = "triangle" | "bicubic" | "box";

/** Binary places of a weight: 32 bits less 8 of the pixels and 2 of overshoot. */
export const PLACES = 22;

const SHARPNESS = -0.5;

const FILTERS: Record<Filter, { reach: number; at(x: number): number }> = {
  box: { reach: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  triangle: { reach: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    reach: 2,
    at(x) {
      const a = SHARPNESS;
      const d = Math.abs(x);
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  },
};

/** What each output of one direction reads. */
export interface Taps {
  /** The first input of each output, and how many it reads. */
  first: Int32Array;
  count: Int32Array;
  /** `stride` places an output, of which `count` are used. */
  weights: Int32Array;
  stride: number;
  /** The inputs that are read at all: from, and up to without it. */
  span: readonly [number, number];
}

/**
 * The weights of one direction.
 *
 * @param length how many inputs there are
 * @param from the edge of the part that is resized, a float32
 * @param to its other edge, in the same unit
 * @param outputs how many outputs there are to be
 */
export function tapsOf(
  filter: Filter,
  length: number,
  from: number,
  to: number,
  outputs: number,
): Taps {
  const scale = Math.fround(to - from) / outputs;
  const widening = Math.max(1, scale);
  const { reach, at } = FILTERS[filter];
  const support = reach * widening;
  const stride = Math.ceil(support) * 2 + 1;
  const [first, count] = [new Int32Array(outputs), new Int32Array(outputs)];
  const weights = new Int32Array(outputs * stride);
  const exact = new Float64Array(stride);
  for (let output = 0; output < outputs; output++) {
    const centre = from + (output + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(length, Math.trunc(centre + support + 0.5));
    let total = 0;
    for (let k = 0; k < high - low; k++) {
      total += exact[k] = at((k + low - centre + 0.5) * (1 / widening));
    }
    for (let k = 0; k < high - low; k++) {
      const share = (total === 0 ? exact[k] : exact[k] / total) * 2 ** PLACES;
      weights[output * stride + k] = Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    }
    first[output] = low;
    count[output] = high - low;
  }
  const last = outputs - 1;
  return { first, count, weights, stride, span: [first[0], first[last] + count[last]] };
}
