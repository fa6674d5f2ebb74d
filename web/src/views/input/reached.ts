/** Which pixels a value depends on: its receptive field. */

import { offset, position } from "../../engine/arrays";
import type { Position } from "../../engine/data";
import { INPUT, type Network, type Values } from "../../engine/network";
import { readBy } from "../../engine/terms";

/** Values that are followed at most; what reads more depends on nearly all pixels. */
const MOST = 60_000;

/** Rows and columns: from, and up to without it. */
export interface Field {
  y: [number, number];
  x: [number, number];
}

/** The smallest rectangle of pixels that a value depends on; none where that is nearly all. */
export function reached(
  network: Network,
  values: Values,
  layer: string,
  at: Position,
): Field | null {
  const shape = network.shapes.get(INPUT)!;
  const own = network.nodes.get(layer);
  if (!own) return null;
  const places = new Map([[layer, new Set([offset(own.shape, at)])]]);
  const nodes = network.data.graph.nodes;
  const last = nodes.findIndex(({ name }) => name === layer);
  let followed = 0;
  for (let k = last; k >= 0; k--) {
    const node = nodes[k];
    for (const place of places.get(node.name) ?? []) {
      for (const { layer: name, at: read } of readBy(
        network,
        values,
        node,
        position(node.shape, place),
      )) {
        if (++followed > MOST) return null;
        const own = places.get(name) ?? new Set();
        places.set(name, own.add(offset(network.shapes.get(name)!, read)));
      }
    }
  }
  const pixels = [...(places.get(INPUT) ?? [])];
  if (pixels.length === 0) return null;
  const found: Field = { y: [Infinity, 0], x: [Infinity, 0] };
  for (const pixel of pixels) {
    const [y, x] = position(shape, pixel);
    found.y = [Math.min(found.y[0], y), Math.max(found.y[1], y + 1)];
    found.x = [Math.min(found.x[0], x), Math.max(found.x[1], x + 1)];
  }
  return found;
}
