/** What a recognizer writes step by step, see `pellucid/ops/best_path.py`. */

import type { Shape, StepsData } from "./data";

/** The class of a step at which nothing new is written. */
export const BLANK = 0;

/** A word or a character that was written. */
export interface Written {
  /** Its place in the vocabulary. */
  name: number;
  /** The steps at which it is the likeliest, and that at which it is the most probable. */
  first: number;
  behind: number;
  step: number;
  probability: number;
}

/** How many steps there are, and classes a step. */
export const stepsOf = (shape: Shape): [steps: number, classes: number] => [
  shape[shape.length - 2],
  shape[shape.length - 1],
];

/** Softmax of each step's logits. */
export function sharesOf(outputs: ArrayLike<number>, classes: number): Float64Array {
  const found = Float64Array.from(outputs);
  for (let at = 0; at < found.length; at += classes) {
    const row = found.subarray(at, at + classes);
    const top = Math.max(...row);
    const powers = row.map((z) => Math.exp(z - top));
    const total = powers.reduce((sum, power) => sum + power, 0);
    row.set(powers.map((power) => power / total));
  }
  return found;
}

/** The likeliest class of each step; of equal ones the first. */
export function pathOf(outputs: ArrayLike<number>, shape: Shape): number[] {
  const [steps, classes] = stepsOf(shape);
  return Array.from({ length: steps }, (_, step) => {
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (outputs[step * classes + k] > outputs[step * classes + best]) best = k;
    return best;
  });
}

/** What the best path writes: its runs without the blank's. */
export function writtenIn(outputs: ArrayLike<number>, shape: Shape): Written[] {
  const classes = stepsOf(shape)[1];
  const shares = sharesOf(outputs, classes);
  const path = pathOf(outputs, shape);
  const found: Written[] = [];
  for (let first = 0, behind = 0; first < path.length; first = behind) {
    while (path[behind] === path[first]) behind++;
    if (path[first] === BLANK) continue;
    let [step, probability] = [first, -1];
    for (let t = first; t < behind; t++) {
      const share = shares[t * classes + path[first]];
      if (share > probability) [step, probability] = [t, share];
    }
    found.push({ name: path[first] - 1, first, behind, step, probability });
  }
  return found;
}

/** The text that words or characters make. */
export function textOf(
  written: readonly Written[],
  names: readonly string[],
  of: StepsData,
): string {
  const parts = written.map(({ name }) => names[name]);
  return parts
    .join(of.units === "words" ? " " : "")
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
}
