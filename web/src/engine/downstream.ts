/** What the layers behind a value make of it, as far as it stays one value. */

import { offset } from "./arrays";
import { numbersOf } from "./boxes";
import { proposalsOf } from "./regions";
import type { NodeData, Position } from "./data";
import type { Network, Values } from "./network";
import { dependents } from "./reads";
import { chooses, knownOf, termsOf } from "./terms";

/** One layer that takes a value: makes one of it, or reads it among others. */
export type Use =
  | {
      kind: "made";
      layer: string;
      at: number[];
      after: number;
      /** Of a maximum: whether it won; none for all others. */
      wins: boolean | null;
      depth: number;
    }
  | { kind: "read"; layer: string; places: number[][]; depth: number };

export function becomes(
  network: Network,
  values: Values,
  layer: string,
  at: Position,
  depth = 0,
): Use[] {
  const found: Use[] = [];
  for (const node of network.users(layer)) {
    node.inputs.forEach((name, branch) => {
      if (name !== layer) return;
      const places = readersOf(network, values, node, branch, at);
      if (node.rule === "maximum" || follows(node)) {
        for (const place of places) {
          const after = values.at(node.name, place);
          const wins =
            node.rule === "maximum" ? won(network, values, node, place, layer, at) : null;
          found.push({ kind: "made", layer: node.name, at: place, after, wins, depth });
          if (wins !== false) found.push(...becomes(network, values, node.name, place, depth + 1));
        }
      } else if (places.length) {
        found.push({ kind: "read", layer: node.name, places, depth });
      }
    });
  }
  return found;
}

/** The values of a layer that read a value; of boxes the numbers that are made of it. */
export function readersOf(
  network: Network,
  values: Values,
  node: NodeData,
  branch: number,
  at: Position,
): number[][] {
  if (!chooses(node)) return dependents(node, branch, at, knownOf(node, values));
  if (node.anchors) return proposalsOf(node, values.anchors(node), at);
  const { boxes } = network.data.model;
  return numbersOf(boxes!, values.boxes, at, network.shapes.get(node.inputs[branch])!.at(-1)!);
}

/** Whether each output is made of one value of a single input. */
function follows(node: NodeData): boolean {
  if (chooses(node)) return node.kind === "find_boxes";
  return (
    node.inputs.length === 1 &&
    node.reads.inputs[0].length === node.shape.length &&
    node.reads.inputs[0].every(({ taps, follows: followed }) => taps === 1 && followed.length === 1)
  );
}

function won(
  network: Network,
  values: Values,
  node: NodeData,
  place: Position,
  layer: string,
  at: Position,
): boolean {
  const { terms, own } = termsOf(network, values, node.name, place);
  const shape = network.shape(layer)!;
  return terms[own].layer === layer && offset(shape, terms[own].at) === offset(shape, at);
}
