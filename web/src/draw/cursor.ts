/** A cursor in rows and columns that arrows move: the same in every picture of numbers. */

const ARROWS: Record<string, readonly [rows: number, columns: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Rows and columns by which a key moves; none if it is no arrow. */
export function arrowOf(key: string): readonly [number, number] | null {
  return Object.hasOwn(ARROWS, key) ? ARROWS[key] : null;
}

/** The place that a key leads to, not beyond the edges; none if it is no arrow. */
export function cursorAfter(
  key: string,
  [row, column]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): [number, number] | null {
  const by = arrowOf(key);
  if (!by) return null;
  return [within(row + by[0], rows), within(column + by[1], columns)];
}

/** A place brought between the edges. */
export function within(place: number, length: number): number {
  return Math.max(0, Math.min(length - 1, place));
}

/** Whether a key opens what is under the cursor. */
export function opens(key: string): boolean {
  return key === "Enter" || key === " ";
}
