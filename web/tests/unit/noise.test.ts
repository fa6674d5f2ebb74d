import { expect, test } from "vitest";
import { levels } from "../../src/engine/task";
import { greatCircle } from "../../src/state/great_circle";

test("the way between two noises is that of Python's interpolate", () => {
  const [start, end] = [Float32Array.of(2, 0), Float32Array.of(0, 4)];
  const half = Math.fround(3 / Math.sqrt(2));
  expect([...greatCircle(start, end, 0.5)].map(Math.fround)).toEqual([half, half]);
  expect([...greatCircle(start, end, 0)]).toEqual([2, 0]);
  expect(greatCircle(start, end, 1)[1]).toBeCloseTo(4, 6);
  expect([...greatCircle(start, Float32Array.of(4, 0), 0.5)]).toEqual([3, 0]);
});

test("values are rounded to grey levels as NumPy does it, of halves to the even one", () => {
  expect([...levels(Float32Array.of(-1.5, -1, 0, 1 / 255, 1, 2))]).toEqual([
    0, 0, 128, 128, 255, 255,
  ]);
});
