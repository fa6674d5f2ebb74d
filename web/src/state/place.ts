/** Positions as people write them: `3, 7, 5`. */

import type { Position, Shape } from "../engine/data";

/** The position that a text names; none where it is none of that shape. */
export function positionOf(text: string, shape: Shape): number[] | null {
  const parts = text.trim().split(/\s*[,;]\s*|\s+/);
  if (!parts.every((part) => /^\d{1,9}$/.test(part))) return null;
  const at = parts.map(Number);
  return isInside(at, shape) ? at : null;
}

/** Whether an array of that shape has that position. */
export function isInside(at: Position, shape: Shape): boolean {
  return at.length === shape.length && at.every((place, axis) => place < shape[axis]);
}
