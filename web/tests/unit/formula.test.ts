import { describe, expect, test } from "vitest";
import { Formula } from "../../src/engine/formula";

const FORMULAS: Record<string, (x: number) => number> = {
  "x/(1+EXP(-x))": (x) => x / (1 + Math.exp(-x)),
  "TANH(x)": Math.tanh,
  "x*MIN(1,MAX(0,x/6+0.5))": (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
  "IF(x>0,x,(-0.2)*x)": (x) => (x > 0 ? x : -0.2 * x),
  "2-x-1e-05*x^3/4": (x) => 2 - x - (1e-5 * x ** 3) / 4,
};

describe.each(Object.entries(FORMULAS))("%s", (text, truth) => {
  test.each([-7.3, -2, -0.4, 0.3, 2.9, 11])("at %d", (x) => {
    const { value, slope } = new Formula(text).at([x], 0, 0);
    expect(value).toBeCloseTo(truth(x), 12);
    const step = 1e-5;
    expect(slope).toBeCloseTo((truth(x + step) - truth(x - step)) / (2 * step), 6);
  });
});

test.each([-1e4, 1e4])("what is flat has no slope, and no NaN: %d", (x) => {
  const { slope } = new Formula("1/(1+EXP(-x))").at([x], 0, 0);
  expect(slope).toBeCloseTo(0, 100);
});

test("of all that is read, a value at another place has its own slope", () => {
  const damped = (all: number[]): number =>
    all[1] / (2 + 0.3 * all.reduce((sum, x) => sum + x * x, 0)) ** 0.75;
  const all = [0.5, -2, 3];
  for (const towards of [0, 1, 2]) {
    const moved = (by: number): number => damped(all.map((x, k) => (k === towards ? x + by : x)));
    const { value, slope } = new Formula("x/(2.0+0.3*SUMSQ(all))^0.75").at(all, 1, towards);
    expect(value).toBeCloseTo(damped(all), 12);
    expect(slope).toBeCloseTo((moved(1e-6) - moved(-1e-6)) / 2e-6, 7);
  }
});

test.each(["x+", "SIN(x)", "x)", "MAX(x", "toString(x)", "x y"])(
  "what is no formula is named: %j",
  (text) => {
    expect(() => new Formula(text)).toThrow(text);
  },
);
