/** What users read of a network's outputs, in double precision as Python does. */

import type { ModelData } from "./data";

/** Probabilities by softmax, or of labels by a sigmoid each. */
export function reading(
  model: Pick<ModelData, "task" | "reading">,
  outputs: ArrayLike<number>,
): Float64Array {
  const z = Float64Array.from(outputs);
  if (model.task === "regression") {
    const { scale, shift } = model.reading!;
    return z.map((x, k) => x * scale[k] + shift[k]);
  }
  if (model.task === "multi-label") return z.map((x) => 1 / (1 + Math.exp(-x)));
  const top = Math.max(...z);
  const powers = z.map((x) => Math.exp(x - top));
  const total = powers.reduce((sum, p) => sum + p, 0);
  return powers.map((p) => p / total);
}
