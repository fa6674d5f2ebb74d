import { expect, test } from "vitest";
import { percent } from "../../src/draw/numbers";

test.each([
  [0, "0.00 %"],
  [1e-9, "< 0.01 %"],
  [0.00005, "0.01 %"],
  [0.123, "12.3 %"],
  [0.99987, "99.987 %"],
  [1 - 1e-9, "> 99.999 %"],
  [1, "100.0 %"],
])("%f as percent", (share, text) => {
  expect(percent(share)).toBe(text);
});
