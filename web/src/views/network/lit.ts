/** What lights up with a value: the values that it reads, and those that read it, layer by layer. */

import type { Position } from "../../engine/data";
import type { Network, Values } from "../../engine/network";
import { readersOf } from "../../engine/downstream";
import { readBy } from "../../engine/terms";

export interface Lit {
  read: Map<string, Position[]>;
  reading: Map<string, Position[]>;
}

export const NOTHING: Lit = { read: new Map(), reading: new Map() };

export function litBy(network: Network, values: Values, layer: string, at: Position): Lit {
  const read = new Map<string, Position[]>();
  const node = network.nodes.get(layer);
  if (node) {
    for (const source of readBy(network, values, node, at)) add(read, source.layer, source.at);
  }
  const reading = new Map<string, Position[]>();
  for (const reader of network.users(layer)) {
    reader.inputs.forEach((name, branch) => {
      if (name !== layer) return;
      for (const output of readersOf(network, values, reader, branch, at))
        add(reading, reader.name, output);
    });
  }
  return { read, reading };
}

function add(to: Map<string, Position[]>, layer: string, at: Position): void {
  const own = to.get(layer);
  if (own) own.push(at);
  else to.set(layer, [at]);
}
