/** The losses of Python's `pellucid/ops`, of one picture, in double precision; and their gradients. */

import { centreLoss } from "./centre_loss";
import type { LossData } from "./data";
import { reading } from "./task";

/** A loss, and its gradient at the outputs. */
export interface Lost {
  loss: number;
  gradient: Float64Array;
}

/**
 * What a network's outputs for one picture are worth.
 *
 * @param about which loss
 * @param outputs logits, or standardised numbers; or a map
 * @param targets wanted probabilities, or standardised numbers; of a map boxes, five numbers each
 * @param shape of the outputs
 */
export function lost(
  about: LossData,
  outputs: ArrayLike<number>,
  targets: ArrayLike<number>,
  shape: readonly number[] = [outputs.length],
): Lost {
  const z = Float64Array.from(outputs);
  const t = Float64Array.from(targets);
  const { kind } = about;
  switch (kind) {
    case "cross_entropy":
      return crossEntropy(z, t, about.label_smoothing, about.class_weights);
    case "sigmoid_cross_entropy":
      return sigmoidCrossEntropy(z, t);
    case "mean_squared_error":
      return probabilitiesError(z, t);
    case "squared_error":
      return numbersError(z, t, Number.POSITIVE_INFINITY, 2);
    case "huber":
      return numbersError(z, t, about.delta, 1);
    case "centre_loss":
      return centreLoss(about, z, t, shape);
    default:
      throw new Error(`the loss ${kind satisfies never} is not known`);
  }
}

/** Plain cross-entropy of one class, −ln y of the right one, and y − t at the outputs. */
export function crossEntropyOf(outputs: ArrayLike<number>, truth: number): Lost {
  const targets = new Float64Array(outputs.length);
  targets[truth] = 1;
  return crossEntropy(Float64Array.from(outputs), targets, 0, null);
}

/** The targets as the loss sees them: with label smoothing ε, (1 − ε)·t + ε/K. */
export function smoothed(about: LossData, targets: ArrayLike<number>): Float64Array {
  const smoothing = about.kind === "cross_entropy" ? about.label_smoothing : 0;
  return Float64Array.from(targets, (t) => (1 - smoothing) * t + smoothing / targets.length);
}

/** For each number the sum of all others, added up and never subtracted. */
export function sumOfOthers(x: Float64Array): Float64Array {
  const found = new Float64Array(x.length);
  let before = 0;
  for (let k = 0; k < x.length; k++) {
    found[k] = before;
    before += x[k];
  }
  let after = 0;
  for (let k = x.length - 1; k >= 0; k--) {
    found[k] += after;
    after += x[k];
  }
  return found;
}

/** ln of the softmax, exact also where a probability is nearly 1. */
function logSoftmax(z: Float64Array): Float64Array {
  const top = z.reduce((best, x, k) => (x > z[best] ? k : best), 0);
  const apart = z.map((x) => x - z[top]);
  const others = sumOfOthers(apart.map(Math.exp))[top];
  return apart.map((x) => x - Math.log1p(others));
}

function crossEntropy(
  z: Float64Array,
  t: Float64Array,
  smoothing: number,
  weights: number[] | null,
): Lost {
  const about: LossData = {
    kind: "cross_entropy",
    label_smoothing: smoothing,
    class_weights: null,
  };
  const wanted = smoothed(about, t).map((share, k) => share * (weights?.[k] ?? 1));
  const total = t.reduce((sum, share, k) => sum + share * (weights?.[k] ?? 1), 0);
  const logs = logSoftmax(z);
  const y = reading({ task: "single-label" }, z, [z.length]);
  const [otherWanted, otherY] = [sumOfOthers(wanted), sumOfOthers(y)];
  return {
    loss: -logs.reduce((sum, log, k) => sum + wanted[k] * log, 0) / total,
    gradient: y.map((share, k) => (share * otherWanted[k] - wanted[k] * otherY[k]) / total),
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function sigmoidCrossEntropy(z: Float64Array, t: Float64Array): Lost {
  const count = z.length;
  let loss = 0;
  z.forEach((x, k) => {
    loss += t[k] * Math.max(-x, 0) + (1 - t[k]) * Math.max(x, 0);
    loss += Math.log1p(Math.exp(-Math.abs(x)));
  });
  const gradient = z.map((x, k) => (sigmoid(x) * (1 - t[k]) - t[k] * sigmoid(-x)) / count);
  return { loss: loss / count, gradient };
}

function probabilitiesError(z: Float64Array, t: Float64Array): Lost {
  const y = reading({ task: "single-label" }, z, [z.length]);
  const others = sumOfOthers(y);
  const difference = y.map((share, k) => share * (1 - t[k]) - t[k] * others[k]);
  const away = sumOfOthers(difference.map((d, k) => d * y[k]));
  return {
    loss: difference.reduce((sum, d) => sum + d * d, 0),
    gradient: y.map((share, k) => 2 * share * (difference[k] * others[k] - away[k])),
  };
}

/** Squares of errors up to a size, and of larger ones that size alone; Huber's loss halves them. */
function numbersError(z: Float64Array, t: Float64Array, most: number, factor: number): Lost {
  const count = z.length;
  let loss = 0;
  const gradient = z.map((x, k) => {
    const error = x - t[k];
    const small = Math.min(Math.abs(error), most);
    loss += factor * small * (Math.abs(error) - small / 2);
    return (factor * Math.sign(error) * small) / count;
  });
  return { loss: loss / count, gradient };
}
