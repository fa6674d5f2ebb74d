/** Where what changed is asked for, below the page's address. */

import type { Part } from "./place";

/** What changed between two runs; with a picture's place, its pixels. */
export function changesOf(
  first: string,
  second: string,
  part: Part | null,
  place: number | null = null,
): string {
  const path = ["api/changes", first, second, place ?? []].flat().join("/");
  return part === null ? path : `${path}?part=${part}`;
}
