/** How much room layers get, so that as many columns as possible are in view. */

import { layoutOf, type Room } from "../../draw/layout";
import type { Network } from "../../engine/network";
import { type Item, lastOf } from "./tree";

/** Pixels of a fold's button, and between columns. */
export const HEAD = 36;
export const GAP = 8;
/** A column is as wide as its texts need, at least. */
export const NARROWEST = 76;
const LOWEST = 44;
const WIDTHS = [224, 208, 192, 176, 160, 144, 128];
/** Of columns in a network that is longer than the view in any case. */
const LONG = 160;

/** Pixels of a layer's texts and scale: in wide columns they take fewer lines. */
function texts(width: number): number {
  return width >= 140 ? 94 : 104;
}

/** The room of each of some layers in one column; all of the width where the network flows down. */
export function roomOf(width: number, height: number, layers: number): Room {
  if (height === Infinity) return { width, height: 320, across: true };
  return { width, height: Math.max(LOWEST, height / layers - texts(width)) };
}

/** The room of each branch of a block. */
export function branchHeight(height: number, branches: number): number {
  return Math.max(LOWEST + texts(0), (height - HEAD) / Math.max(1, branches));
}

/** How wide a column may become. */
export function widest(
  items: Item[],
  network: Network,
  width: number,
  height: number,
  named: (layer: string) => boolean,
): number {
  const needed = (cap: number): number =>
    items.reduce((sum, item) => {
      const layers = item.kind === "step" ? item.layers : [lastOf(item)];
      const own = item.kind === "step" ? height : height - HEAD;
      const room = roomOf(cap, own, layers.length);
      const widths = layers.map((name) => {
        const shape = network.shapes.get(name)!;
        return layoutOf(shape, room, named(name)).width;
      });
      return sum + Math.max(NARROWEST, ...widths) + GAP;
    }, -GAP);
  return WIDTHS.find((cap) => needed(cap) <= width) ?? LONG;
}
