/** Values beside a value. */

import type { Position, Shape } from "../engine/data";

/** The position so far along an axis; of flat values every axis is the one; none outside. */
export function towards(shape: Shape, at: Position, axis: number, by: number): number[] | null {
  const own = Math.min(axis, shape.length - 1);
  const place = at[own] + by;
  if (place < 0 || place >= shape[own]) return null;
  return at.map((n, k) => (k === own ? place : n));
}
