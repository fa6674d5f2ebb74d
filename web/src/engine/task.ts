/** What users read of a network's outputs, in double precision as Python does. */

import { findBoxes, rowsOf, sigmoid } from "./boxes";
import { sharesOf } from "./steps";
import type { ModelData, Shape } from "./data";

/** What the reading of outputs depends on. */
export type Read = Pick<ModelData, "task" | "reading" | "boxes">;

/** Grey levels on each side of what a generator gives as 0. */
const HALF = 127.5;

/** The pixels that a generator's values stand for, of halves the even one. */
export function levels(values: Float32Array): Uint8ClampedArray {
  return Uint8ClampedArray.from(values, (x) => (x + 1) * HALF);
}

/** Probabilities by softmax, or of labels by a sigmoid each; rows of boxes of a map's shape. */
export function reading(model: Read, outputs: ArrayLike<number>, shape: Shape): Float64Array {
  if (model.boxes) return rowsOf(findBoxes(model.boxes, outputs, shape), model.boxes.most);
  if (model.task === "transcripts") return sharesOf(outputs, shape[shape.length - 1]);
  const z = Float64Array.from(outputs);
  if (model.task === "regression") {
    const { scale, shift } = model.reading!;
    return z.map((x, k) => x * scale[k] + shift[k]);
  }
  if (model.task === "generation") return z.map((x) => HALF * x + HALF);
  if (model.task === "multi-label") return z.map(sigmoid);
  const top = Math.max(...z);
  const powers = z.map((x) => Math.exp(x - top));
  const total = powers.reduce((sum, p) => sum + p, 0);
  return powers.map((p) => p / total);
}
