/** Why one output leads over another: the values that the last layer reads, each with its share. */

import type { Network, Values } from "../engine/network";
import { termsOf } from "../engine/terms";

export interface Share {
  layer: string;
  at: number[];
  /** How much of the lead comes from this value: value × (factor for one − factor for the other). */
  share: number;
}

export interface Lead {
  /** By how much the output leads. */
  lead: number;
  /** Shares, the largest first; none where the last layer is no weighted sum. */
  shares: Share[];
}

export function leadOf(network: Network, values: Values, target: number, against: number): Lead {
  const { output } = network.data.graph;
  const [one, other] = [target, against].map((place) => termsOf(network, values, output, [place]));
  const lead = one.value - other.value;
  if (one.rule !== "sum") return { lead, shares: [] };
  const found = new Map<string, Share>();
  for (const [terms, sign] of [
    [one.terms, 1],
    [other.terms, -1],
  ] as const) {
    for (const { layer, at, product } of terms) {
      const key = `${layer} ${at.join()}`;
      const share = found.get(key) ?? { layer, at, share: 0 };
      share.share += sign * product;
      found.set(key, share);
    }
  }
  return { lead, shares: [...found.values()].sort((a, b) => b.share - a.share) };
}
