import { expect, test } from "vitest";
import { positionOf } from "../../src/state/place";

test.each([
  ["3, 4, 5", [7, 9, 6], [3, 4, 5]],
  [" 0 0;1 ", [7, 9, 6], [0, 0, 1]],
  ["9", [10], [9]],
])("a place as people write it: %j", (text, shape, at) => {
  expect(positionOf(text, shape)).toEqual(at);
});

test.each([
  ["7, 0, 0", [7, 9, 6]],
  ["1, 1", [7, 9, 6]],
  ["1, 1, 1, 1", [7, 9, 6]],
  ["-1, 0, 0", [7, 9, 6]],
  ["1.5, 0, 0", [7, 9, 6]],
  ["1e0", [10]],
  ["", [10]],
  [" , ", [2, 2]],
  ["9".repeat(400), [10]],
])("what is no place of the layer is none: %j", (text, shape) => {
  expect(positionOf(text, shape)).toBe(null);
});
