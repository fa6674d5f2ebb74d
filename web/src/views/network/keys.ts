/** Where a key leads from a value of a sheet. */

import { arrowOf, cursorAfter, within } from "../../draw/cursor";
import { drawnAt, type Layout, type Order, positionOf } from "../../draw/layout";
import type { Position } from "../../engine/data";

/** The position that a key leads to; none if it is no key for moving. */
export function moved(
  layout: Layout,
  order: Order,
  at: Position,
  key: string,
  far = false,
): number[] | null {
  const drawn = drawnAt(layout, at);
  const to = drawn && towards(layout, order, drawn, key, far);
  return to && positionOf(layout, to);
}

type Drawn = readonly [row: number, column: number, channel: number];

function towards(
  layout: Layout,
  order: Order,
  [y, x, channel]: Drawn,
  key: string,
  far: boolean,
): Drawn | null {
  const slot = order ? Math.max(0, order.indexOf(channel)) : channel;
  const channelAt = (place: number): number => {
    const kept = within(place, layout.shown);
    return order ? order[kept] : kept;
  };
  const arrow = arrowOf(key);
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
    return to === null ? null : [y, x, channelAt(to)];
  }
  const [height, width] = layout.shape;
  const to = cursorAfter(key, [y, x], [height, width]);
  if (to) return [to[0], to[1], channel];
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
