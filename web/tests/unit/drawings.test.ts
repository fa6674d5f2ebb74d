import { describe, expect, test } from "vitest";
import { asDrawn, centred, centreOfMass, extent } from "../../src/pictures/centre";
import { groundOf } from "../../src/pictures/ground";
import { emptyPlane, type Plane } from "../../src/pictures/resize";

/** Ink in rectangles: left, top, width, height. */
function inked(side: number, ...parts: [number, number, number, number][]): Plane {
  const ink = emptyPlane(side, side, 1);
  for (const [left, top, width, height] of parts) {
    for (let y = top; y < top + height; y++) {
      ink.data.fill(255, y * side + left, y * side + left + width);
    }
  }
  return ink;
}

/** Columns and rows that hold ink, how many. */
function sizeOf(plane: Plane): [number, number] {
  const found = extent(plane)!;
  return [found.x[1] - found.x[0], found.y[1] - found.y[0]];
}

describe("as MNIST's makers did it", () => {
  test("the longer side becomes 20 of 28, the other keeps its share, wherever it is drawn", () => {
    for (const [left, top] of [
      [0, 0],
      [150, 90],
    ] as const) {
      const seen = centred(inked(280, [left, top, 60, 120]), 28, 28);
      expect(sizeOf(seen)).toEqual([10, 20]);
      expect(extent(seen)).toEqual({ x: [9, 19], y: [4, 24] });
      expect(Math.min(...seen.data.filter((ink) => ink > 0))).toBe(255);
    }
  });

  test("the centre of mass, not of the box, comes to the middle", () => {
    const heavyBelow = inked(280, [100, 20, 20, 200], [60, 180, 100, 40]);
    const seen = centred(heavyBelow, 28, 28);
    const [x, y] = centreOfMass(seen);
    expect([Math.floor(x), Math.floor(y)]).toEqual([14, 14]);
    const { y: rows } = extent(seen)!;
    expect(rows[1] - rows[0]).toBe(20);
    expect(14 - rows[0]).toBeGreaterThan(rows[1] - 14); // lifted, as the weight is below
  });

  test("nothing is lost where the weight lies at an end", () => {
    const seen = centred(inked(280, [0, 0, 6, 200], [0, 0, 200, 90]), 28, 28);
    expect(sizeOf(seen)).toEqual([20, 20]);
  });

  test("other sizes keep the proportions, and a dot is a box", () => {
    expect(sizeOf(centred(inked(280, [3, 3, 50, 50]), 56, 56))).toEqual([40, 40]);
    expect(sizeOf(centred(inked(280, [9, 9, 1, 1]), 28, 28))).toEqual([20, 20]);
    expect(extent(centred(inked(280), 28, 28))).toBeNull();
  });

  test("edges are grey by the share that is covered", () => {
    const seen = centred(inked(280, [0, 0, 30, 100], [30, 0, 70, 40]), 28, 28);
    expect(sizeOf(seen)).toEqual([20, 20]);
    const drawn = asDrawn(inked(280, [15, 20, 10, 10]), 28, 28);
    const half = [1, 2].map((column) => drawn.data[2 * 28 + column]! / 255); // of ten columns, five
    expect(half).toEqual([expect.closeTo(0.5, 2), expect.closeTo(0.5, 2)]);
  });
});

test("the ground is that of the edges", () => {
  const dark = new Uint8Array(2 * 12).fill(255);
  for (const at of [0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 14]) dark[at] = 0;
  expect(groundOf(dark, [4, 3, 1])).toBe(0);
  expect(groundOf(new Uint8Array(12).fill(200), [4, 3, 1])).toBe(255);
});
