/** Weights of layers that have taken in a batch norm, see `engines/native/lower/fold.py`. */

import type { Fold, NodeData } from "./data";
import type { Weights } from "./program";

/** γ / √(σ² + ε), in double precision, so that folding rounds once. */
function scale(weights: Weights, norm: string, epsilon: number): Float64Array {
  const gamma = weight(weights, `${norm}.gamma`);
  const variance = weight(weights, `${norm}.variance`);
  return Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c] + epsilon));
}

function weight(weights: Weights, name: string): Float32Array {
  const found = weights.get(name);
  if (!found) throw new Error(`the page has no weights ${name}`);
  return found;
}

/** The weights, and behind them those of folded layers. */
export function withFolds(weights: Weights, folds: readonly Fold[]): Map<string, Float32Array> {
  const found = new Map(weights);
  for (const fold of folds) {
    const factor = scale(weights, fold.norm, fold.epsilon);
    const kernel = weight(weights, fold.kernel);
    const beta = weight(weights, `${fold.norm}.beta`);
    const mean = weight(weights, `${fold.norm}.mean`);
    const bias = fold.bias === null ? null : weight(weights, fold.bias);
    const channels = factor.length;
    found.set(
      `${fold.into}.kernel`,
      kernel.map((w, i) => w * factor[i % channels]),
    );
    found.set(
      `${fold.into}.bias`,
      beta.map((b, c) => ((bias ? bias[c] : 0) - mean[c]) * factor[c] + b),
    );
  }
  return found;
}

/** What a batch norm makes of one channel: x times factor, plus added. */
export interface NormFacts {
  gamma: number;
  beta: number;
  mean: number;
  /** √(σ² + ε). */
  deviation: number;
  factor: number;
  added: number;
}

/** How one channel's kernel and bias are made where a norm was taken in. */
export function foldAt(
  fold: Fold,
  weights: Weights,
  channel: number,
): NormFacts & { stored: number } {
  const names = ["gamma", "beta", "mean", "variance"].map((part) => [part, `${fold.norm}.${part}`]);
  const norm = { weights: Object.fromEntries(names), norm: { epsilon: fold.epsilon } };
  const facts = normAt(norm, weights, channel);
  const stored = fold.bias === null ? 0 : weight(weights, fold.bias)[channel];
  return { ...facts, stored, added: facts.added + stored * facts.factor };
}

/** What a batch norm that is not folded does to one channel: x times factor, plus added. */
export function normAt(
  node: Pick<NodeData, "weights" | "norm">,
  weights: Weights,
  channel: number,
): NormFacts {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map(
    (part) => weight(weights, node.weights[part])[channel],
  );
  const deviation = Math.sqrt(variance + node.norm!.epsilon);
  const factor = gamma / deviation;
  return { gamma, beta, mean, deviation, factor, added: beta - factor * mean };
}
