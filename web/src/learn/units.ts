/**
 * Fewer classes than the network has outputs.
 *
 * The outputs that stand for none get weights of zero and a bias far below all others: their
 * probability is zero, and so is every gradient that comes from them. What is left computes and
 * learns as a network with that many outputs, which is what is saved.
 */

import type { HeadData } from "../engine/data";
import type { Weights } from "../engine/program";

/** A bias with which e^bias is 0 whatever the other outputs are. */
const NEVER = -1e30;

/** Weights with which only the first outputs answer. */
export function onlyFirst(
  weights: Weights,
  head: HeadData | null,
  classes: number,
): Map<string, Float32Array> {
  if (!head || classes === head.units) return new Map(weights);
  const others = (i: number): boolean => i % head.units >= classes;
  return new Map(weights)
    .set(
      head.kernel,
      weights.get(head.kernel)!.map((w, i) => (others(i) ? 0 : w)),
    )
    .set(
      head.bias,
      weights.get(head.bias)!.map((b, i) => (others(i) ? NEVER : b)),
    );
}

/** The weights of the network that has no more outputs than classes. */
export function withoutOthers(
  weights: Weights,
  head: HeadData | null,
  classes: number,
): Map<string, Float32Array> {
  if (!head || classes === head.units) return new Map(weights);
  const kept = (_: number, i: number): boolean => i % head.units < classes;
  return new Map(weights)
    .set(head.kernel, weights.get(head.kernel)!.filter(kept))
    .set(head.bias, weights.get(head.bias)!.filter(kept));
}
