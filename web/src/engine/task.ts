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
  let others = 0;
  const top = Math.max(...z);
  if (top > 700) return top; // e^x would be infinite
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
