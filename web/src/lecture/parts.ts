/** The layers of a network that the lecture's chapters are about. */

import { position } from "../engine/arrays";
import type { NodeData, PageData } from "../engine/data";

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

/** A question whose answer the page knows. */
export interface Question {
  prompt: string;
  /** The right number. */
  answer: number;
  /** How far an answer may be from it, as a share; whole numbers must be exact. */
  tolerance: number;
}

export function whole(prompt: string, answer: number): Question {
  return { prompt, answer, tolerance: 0 };
}

export function about(prompt: string, answer: number): Question {
  return { prompt, answer, tolerance: 0.01 };
}

/** Whether a number answers a question; near 0 within a thousandth. */
export function isRight({ answer, tolerance }: Question, given: number): boolean {
  if (tolerance === 0) return given === answer;
  return Math.abs(given - answer) <= Math.max(tolerance * Math.abs(answer), 0.001);
}
