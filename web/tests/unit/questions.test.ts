import { expect, test } from "vitest";
import { about, isRight, readings, whole } from "../../src/lecture/questions";

test.each<[string, number[]]>([
  ["0.5", [0.5]],
  ["0,5", [0.5]],
  [",5", [0.5]],
  ["−2", [-2]],
  ["+3", [3]],
  [" 25 088 ", [25088]],
  ["1,250", [1.25, 1250]], // either way
  ["1.234.567", [1234567]],
  ["1.6e-5", [1.6e-5]],
  ["−1,6E−5", [-1.6e-5]],
  ["100 %", [1]],
  ["0,125", [0.125]],
  ["", []],
  ["1/2", []],
  ["1,2,3", []],
  ["zwölf", []],
  ["Infinity", []],
  ["-", []],
  [".", []],
])("%s is read as %j", (words, numbers) => {
  expect(readings(words)).toEqual(numbers);
});

test("whole numbers must be exact, others right to 1 %, also where they are small", () => {
  expect(isRight(whole("", "", 9), [9])).toBe(true);
  expect(isRight(whole("", "", 9), [9.001])).toBe(false);
  expect(isRight(whole("", "", 1250), readings("1,250"))).toBe(true);
  expect(isRight(about("", "", 1.6e-5), [1.61e-5])).toBe(true);
  expect(isRight(about("", "", 1.6e-5), [0])).toBe(false);
  expect(isRight(about("", "", -2), [2])).toBe(false);
  expect(isRight(about("", "", 0.1, 0.05), [0.14])).toBe(true);
  expect(isRight(whole("", "", 0), [])).toBe(false);
});
