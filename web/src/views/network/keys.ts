/** Where a key leads from a value of a sheet. */

import { arrowOf, cursorAfter, within } from "../../draw/cursor";
import { channelOf, type Layout, type Order } from "../../draw/layout";
import type { Position } from "../../engine/data";

/** The position that a key leads to; none if it is no key for moving. */
export function moved(
  layout: Layout,
  order: Order,
  at: Position,
  key: string,
  far = false,
): number[] | null {
  const channel = channelOf(layout, at);
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
    if (to === null) return null;
    return layout.rank === 2 ? [...at] : [...at.slice(0, -1), channelAt(to)];
  }
  const [height, width] = layout.shape;
  const [y, x] = at;
  const to = cursorAfter(key, [y, x], [height, width]);
  const placed = (...found: number[]): number[] => found.slice(0, layout.rank);
  if (to) return placed(...to, channel);
  switch (key) {
    case "PageUp":
      return placed(y, x, channelAt(slot - 1));
    case "PageDown":
      return placed(y, x, channelAt(slot + 1));
    case "Home":
      return far ? placed(0, 0, channelAt(0)) : placed(y, 0, channel);
    case "End":
      return far
        ? placed(height - 1, width - 1, channelAt(layout.shown - 1))
        : placed(y, width - 1, channel);
    default:
      return null;
  }
}
