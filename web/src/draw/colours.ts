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

/** The size at which a scale ends on both sides; 1 of zeros. */
export function limitOf(values: ArrayLike<number>): number {
  const sizes = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) sizes[count++] = Math.abs(values[i]);
  }
  const found = sizes.subarray(0, count).sort();
  const largest = found[count - 1] ?? 0;
  if (largest === 0) return 1;
  const place = PERCENTILE * (count - 1);
  const low = found[Math.floor(place)];
  const between = low + (found[Math.ceil(place)] - low) * (place % 1);
  return between || largest;
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
