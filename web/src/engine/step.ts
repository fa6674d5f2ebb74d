/** One step of plain gradient descent, for all weights at once. */

import type { Gradients } from "./gradients";
import type { Network } from "./network";

/** The full names of the weights that are trained. */
export function trainedWeights(network: Network): string[] {
  const found = new Set<string>();
  for (const node of network.whole.values()) {
    for (const part of node.trained) found.add(node.weights[part]);
  }
  return [...found];
}

/** Every trained weight after w − rate · ∂loss/∂w; statistics stay. */
export function stepped(
  network: Network,
  gradients: Gradients,
  rate: number,
): Map<string, Float32Array> {
  return new Map(
    trainedWeights(network).map((name) => {
      const gradient = gradients.weight(name);
      return [name, network.storedWeights.get(name)!.map((w, i) => w - rate * gradient[i])];
    }),
  );
}
