/** Which colour stands for which kind of number; the palette of `pellucid/show/palette.py`. */

/** Activations and evidence; weights; pixels as they are. */
export type Scale = "signed" | "weights" | "pixels";

type Colour = readonly [number, number, number];

const SIGNED: readonly [Colour, Colour] = [
  [0, 114, 178],
  [213, 94, 0],
];
const WEIGHTS: readonly [Colour, Colour] = [
  [0, 133, 95],
  [155, 77, 202],
];
const NOT_A_NUMBER: Colour = [240, 228, 66];

/** Share of values that colours tell apart: one bright pixel does not pale the rest. */
const PERCENTILE = 0.995;

/** What a scale says of its values. */
export interface Range {
  /** The size at which colours end on both sides; 1 of zeros. */
  limit: number;
  /** The smallest and the largest value, infinite ones left out; 0 where there is none. */
  low: number;
  high: number;
}

/** The sizes of the values at hand; kept, because it is needed at every picture. */
let sizes = new Float64Array(1024);

export function rangeOf(values: ArrayLike<number>): Range {
  if (sizes.length < values.length) sizes = new Float64Array(2 * values.length);
  let [count, low, high] = [0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value - value !== 0) continue; // not finite
    if (value < low) low = value;
    if (value > high) high = value;
    sizes[count++] = value < 0 ? -value : value;
  }
  if (count === 0) return { limit: 1, low: 0, high: 0 };
  const largest = Math.max(high, -low);
  return { limit: largest === 0 ? 1 : percentile(sizes, count) || largest, low, high };
}

/** The size at which a scale ends on both sides; 1 of zeros. */
export function limitOf(values: ArrayLike<number>): number {
  return rangeOf(values).limit;
}

/** The percentile of the first numbers, between two of them by their shares; puts them in order
 * only as far as that needs. */
function percentile(numbers: Float64Array, count: number): number {
  const place = PERCENTILE * (count - 1);
  const below = Math.floor(place);
  let [start, end] = [0, count - 1];
  while (start < end) {
    const pivot = numbers[(start + end) >> 1];
    let [i, j] = [start, end];
    while (i <= j) {
      while (numbers[i] < pivot) i++;
      while (numbers[j] > pivot) j--;
      if (i <= j) {
        const moved = numbers[i];
        numbers[i++] = numbers[j];
        numbers[j--] = moved;
      }
    }
    if (below <= j) end = j;
    else if (below >= i) start = i;
    else break;
  }
  if (below === count - 1) return numbers[below];
  let next = Infinity;
  for (let i = below + 1; i < count; i++) if (numbers[i] < next) next = numbers[i];
  return numbers[below] + (next - numbers[below]) * (place % 1);
}

/** Write a value's colour: its opacity is its size, so that 0 shows the ground. */
export function colour(
  into: Uint8ClampedArray,
  place: number,
  value: number,
  limit: number,
  scale: Scale,
): void {
  if (scale === "pixels") {
    into[place] = into[place + 1] = into[place + 2] = value;
    into[place + 3] = 255;
    return;
  }
  const finite = Number.isFinite(value);
  const [low, high] = scale === "signed" ? SIGNED : WEIGHTS;
  const [red, green, blue] = finite ? (value < 0 ? low : high) : NOT_A_NUMBER;
  into[place] = red;
  into[place + 1] = green;
  into[place + 2] = blue;
  into[place + 3] = finite ? 255 * Math.min(1, Math.abs(value) / limit) : 255;
}

/** A value's colour for style sheets. */
export function css(value: number, limit: number, scale: Scale): string {
  const rgba = new Uint8ClampedArray(4);
  colour(rgba, 0, value, limit, scale);
  return `rgb(${rgba[0]} ${rgba[1]} ${rgba[2]} / ${(rgba[3] / 255).toFixed(3)})`;
}

const STEPS = 255;

/** Scales around 0. */
export type Centred = Exclude<Scale, "pixels">;

const tables = new Map<Centred, Uint32Array>();

/** The colours of a scale from its low end to its high one, as pixels of four bytes; behind them
 * that of what is no number. */
export function table(scale: Centred): Uint32Array {
  let found = tables.get(scale);
  if (!found) {
    const bytes = new Uint8ClampedArray(4 * (2 * STEPS + 2));
    for (let i = 0; i <= 2 * STEPS; i++) {
      colour(bytes, 4 * i, i - STEPS, STEPS, scale);
    }
    bytes.set([...NOT_A_NUMBER, 255], 4 * (2 * STEPS + 1));
    tables.set(scale, (found = new Uint32Array(bytes.buffer)));
  }
  return found;
}

/** The place of a value's colour in its scale's table. */
export function tableIndex(value: number, limit: number): number {
  if (value - value !== 0) return 2 * STEPS + 1;
  const share = value / limit;
  return share >= 1 ? 2 * STEPS : share <= -1 ? 0 : (STEPS * (share + 1) + 0.5) | 0;
}
