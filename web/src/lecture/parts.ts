/** The layers of a network that the lecture's chapters are about. */

import { position } from "../engine/arrays";
import type { NodeData, PageData } from "../engine/data";
import type { Term } from "../engine/terms";

export const CHAPTERS = [
  "pixels",
  "convolution",
  "relu",
  "pooling",
  "flattening",
  "dense",
  "softmax",
] as const;
export type Chapter = (typeof CHAPTERS)[number];

/** The layer of a chapter; none if the network has none. */
export function layerOf(data: PageData, chapter: Chapter): NodeData | null {
  const { nodes } = data.graph;
  const first = (choose: (node: NodeData) => boolean): NodeData | null =>
    nodes.find(choose) ?? null;
  switch (chapter) {
    case "pixels":
    case "softmax":
      return null;
    case "convolution":
      return first(({ family }) => family === "convolution");
    case "relu":
      return first(({ family, shape }) => family === "activation" && shape.length === 3);
    case "pooling":
      return first(({ family }) => family === "pooling");
    case "flattening":
      return first(({ kind }) => kind === "flatten");
    case "dense":
      return nodes.findLast(({ family }) => family === "dense") ?? null;
  }
}

/** The position of the largest value, where there is most to see. */
export function largest(values: Float32Array, shape: readonly number[]): number[] {
  let place = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > values[place]) place = i;
  return position(shape, place);
}

/** The position across the middle of its map. */
export function opposite(
  shape: readonly number[],
  [row, column, map]: readonly number[],
): number[] {
  return [shape[0] - 1 - row, shape[1] - 1 - column, map];
}

/** What a window reads of one input map, in rows: the values, their factors, or the products. */
export function windowRows(
  terms: readonly Term[],
  map: number,
  what: "value" | "factor" | "product" = "value",
): number[][] {
  const rows = new Map<number, number[]>();
  for (const term of terms) {
    const [row, , own] = term.at;
    if (own === map) rows.set(row, [...(rows.get(row) ?? []), term[what] ?? 0]);
  }
  return [...rows.values()];
}
