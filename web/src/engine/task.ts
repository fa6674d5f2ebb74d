/** What users read of a network's outputs, in double precision as Python does; and the loss. */

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

/** Cross-entropy of one class, −ln y of the right one; exact also where that is almost certain. */
export function crossEntropy(outputs: ArrayLike<number>, truth: number): number {
  const z = Float64Array.from(outputs, (x) => x - outputs[truth]);
  const top = Math.max(...z);
  if (top > 0) return top + Math.log(z.reduce((sum, x) => sum + Math.exp(x - top), 0));
  let others = 0; // beside e⁰ = 1 of the right one
  z.forEach((x, k) => {
    if (k !== truth) others += Math.exp(x);
  });
  return Math.log1p(others);
}

/** ∂loss/∂output of one class: y − t. */
export function lossGradient(outputs: ArrayLike<number>, truth: number): Float64Array {
  const y = reading({ task: "single-label" }, outputs);
  let others = 0;
  y.forEach((p, k) => {
    if (k !== truth) others += p;
  });
  y[truth] = -others; // y − 1, without cancelling
  return y;
}
