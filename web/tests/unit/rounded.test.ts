import { expect, test } from "vitest";
import { roundedApart } from "../../src/engine/windows";

test("rounding explains what is small beside the terms, however small the value is", () => {
  expect(roundedApart(1e-9, -3e-8, [1, -1])).toBe(true);
  expect(roundedApart(5, 5.000001, [2, 3])).toBe(true);
  expect(roundedApart(5, 6, [2, 3])).toBe(false);
  expect(roundedApart(0, 0.5, [])).toBe(false);
  expect(roundedApart(0, 0, [])).toBe(true);
  expect(roundedApart(NaN, NaN, [NaN])).toBe(true);
});
