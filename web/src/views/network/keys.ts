/** Where a key leads from a value of a sheet. */

import type { Layout, Order } from "../../draw/layout";
import type { Position } from "../../engine/data";

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

const clamp = (value: number, end: number): number => Math.max(0, Math.min(end - 1, value));

/** The position that a key leads to; none if it is no key for moving. */
export function moved(
  layout: Layout,
  order: Order,
  at: Position,
  key: string,
  far = false,
): number[] | null {
  const channel = at[at.length - 1];
  const slot = order ? Math.max(0, order.indexOf(channel)) : channel;
  const channelAt = (place: number): number => {
    const kept = clamp(place, layout.shown);
    return order ? order[kept] : kept;
  };
  const arrow = ARROWS[key];
  if (layout.form !== "maps") {
    const columns = layout.columns;
    const row = Math.floor(slot / columns);
    const to = arrow
      ? slot + arrow[0] * columns + arrow[1]
      : key === "PageUp"
        ? slot - 10 * columns
        : key === "PageDown"
          ? slot + 10 * columns
          : key === "Home"
            ? far
              ? 0
              : row * columns
            : key === "End"
              ? far
                ? layout.shown - 1
                : (row + 1) * columns - 1
              : null;
    return to === null ? null : [...at.slice(0, -1), channelAt(to)];
  }
  const [height, width] = layout.shape;
  const [y, x] = at;
  if (arrow) return [clamp(y + arrow[0], height), clamp(x + arrow[1], width), channel];
  switch (key) {
    case "PageUp":
      return [y, x, channelAt(slot - 1)];
    case "PageDown":
      return [y, x, channelAt(slot + 1)];
    case "Home":
      return far ? [0, 0, channelAt(0)] : [y, 0, channel];
    case "End":
      return far ? [height - 1, width - 1, channelAt(layout.shown - 1)] : [y, width - 1, channel];
    default:
      return null;
  }
}
