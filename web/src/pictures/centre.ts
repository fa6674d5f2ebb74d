/**
 * Drawings as MNIST's makers treated digits: made as large as a box of 20×20 within 28×28, in their
 * own proportions and with greys at edges, then moved so that their centre of mass is in the middle.
 */

import { place } from "./fit";
import { emptyPlane, type Plane, resized } from "./resize";

/** The box's share of the picture. */
export const BOX = 20 / 28;

/** Columns and rows that hold ink: from, and up to without it; null where there is none. */
export function extent(ink: Plane): { x: [number, number]; y: [number, number] } | null {
  const { data, width, height } = ink;
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right === 0 ? null : { x: [left, right], y: [top, bottom] };
}

/** The centre of mass, in pixels from the left and upper edge. */
export function centreOfMass({ data, width, height }: Plane): [x: number, y: number] {
  let [sum, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const mass = data[row * width + column];
      sum += mass;
      x += mass * (column + 0.5);
      y += mass * (row + 0.5);
    }
  }
  return [x / sum, y / sum];
}

/** Ink (0 none, 255 full) of any size as a picture of the network's; none stays none. */
export function centred(ink: Plane, width: number, height: number): Plane {
  const into = emptyPlane(width, height, 1);
  const found = extent(ink);
  if (!found) return into;
  const [left, right, top, bottom] = [...found.x, ...found.y];
  const [wide, high] = [right - left, bottom - top];
  const scale = Math.min((BOX * width) / wide, (BOX * height) / high);
  const digit = resized(
    ink,
    Math.max(1, Math.round(wide * scale)),
    Math.max(1, Math.round(high * scale)),
    "box",
    [left, top, right, bottom],
  );
  const [x, y] = centreOfMass(digit);
  // by whole pixels: in MNIST's pictures the centre lies within the pixel right of and below the middle
  const moved = (middle: number, centre: number, room: number): number =>
    Math.min(room, Math.max(0, Math.floor(middle) - Math.floor(centre)));
  place(
    digit,
    into,
    moved(width / 2, x, width - digit.width),
    moved(height / 2, y, height - digit.height),
  );
  return into;
}

/** Ink as it is drawn, in the picture's size. */
export function asDrawn(ink: Plane, width: number, height: number): Plane {
  return resized(ink, width, height, "box");
}
