/** Arrays in row-major order, and positions in them. */

import type { Position, Shape } from "./data";

export function size(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The place of a position in an array of that shape. */
export function offset(shape: Shape, at: Position): number {
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++) place = place * shape[axis] + at[axis];
  return place;
}

/** The position at a place, the inverse of `offset`. */
export function position(shape: Shape, place: number): number[] {
  const at = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at[axis] = place % shape[axis];
    place = Math.floor(place / shape[axis]);
  }
  return at;
}

/** The value at a position of an output, of an array that broadcasts to it. */
export function broadcast(
  array: { shape: Shape; values: ArrayLike<number> },
  at: Position,
): number {
  const { shape, values } = array;
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const index = at[at.length - shape.length + axis];
    place = place * shape[axis] + (shape[axis] === 1 ? 0 : index);
  }
  return values[place];
}

/** Numbers of which the steps from one to the next were kept, added up modulo 2³². */
export function accumulated(steps: Int32Array): Uint32Array {
  const found = new Uint32Array(steps.length);
  let total = 0;
  for (let i = 0; i < steps.length; i++) found[i] = total = (total + steps[i]) | 0;
  return found;
}

/** Floats whose first bytes came first, then the second ones, and so on. */
export function joined(planes: Uint8Array): Float32Array<ArrayBuffer> {
  const count = planes.length / 4;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < 4; plane++) {
    for (let i = 0; i < count; i++) bytes[4 * i + plane] = planes[plane * count + i];
  }
  return new Float32Array(bytes.buffer);
}
