/** The neighbours of a value, as rows and columns of a table. */

import type { Position, Shape } from "../../engine/data";

export interface Neighbours {
  /** Names of the columns, and of the rows. */
  columns: number[];
  rows: { name: number; cells: number[][] }[];
}

const MOST_ROWS = 7;
const MOST_COLUMNS = 9;

/** Whole numbers around one: as many as asked for, or all where there are fewer. */
function run(place: number, count: number, length: number): number[] {
  const start = Math.max(0, Math.min(place - Math.floor(count / 2), length - count));
  return Array.from({ length: Math.min(count, length) }, (_, k) => start + k);
}

/** Of a map, or of rows of numbers, the rows and columns around a position; of a vector the tens around a place. */
export function around(shape: Shape, at: Position): Neighbours {
  if (shape.length > 1) {
    const row = Math.max(0, shape.length - 3); // behind the region, where there is one
    const columns = run(at[row + 1], MOST_COLUMNS, shape[row + 1]);
    const rows = run(at[row], MOST_ROWS, shape[row]);
    const cell = (y: number, x: number): number[] => [
      ...at.slice(0, row),
      y,
      x,
      ...at.slice(row + 2),
    ];
    return { columns, rows: rows.map((y) => ({ name: y, cells: columns.map((x) => cell(y, x)) })) };
  }
  const tens = run(Math.floor(at[0] / 10), MOST_ROWS, Math.ceil(shape[0] / 10));
  return {
    columns: Array.from({ length: Math.min(10, shape[0]) }, (_, k) => k),
    rows: tens.map((ten) => ({
      name: 10 * ten,
      cells: Array.from({ length: Math.min(10, shape[0] - 10 * ten) }, (_, k) => [10 * ten + k]),
    })),
  };
}
