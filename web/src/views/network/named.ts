/** Which layers' numbers are one a class. */

import type { PageData } from "../../engine/data";

/** Whether a layer's numbers stand for the classes (labels, numbers) by which answers are named. */
export function isNamed({ graph, model }: PageData, layer: string): boolean {
  const output = graph.nodes.find((node) => node.name === graph.output)!;
  const last = output.family === "probabilities" ? [output.name, ...output.inputs] : [output.name];
  const own = graph.nodes.find((node) => node.name === layer);
  return last.includes(layer) && own?.shape.length === 1 && own.shape[0] === model.names.length;
}
