/** Addresses of the lab's views: each is read as it was written, and nothing else becomes one. */

import { expect, test } from "vitest";
import { type Part, type Place, read, write } from "../../src/lab/place";

const [A, B] = ["0123456789abcdef", "fedcba9876543210"];

const compare = (second: string | null, part: Part | null, number: number | null): Place => ({
  view: "compare",
  first: A,
  second,
  part,
  number,
});

test.each<[string, Place]>([
  ["#/runs", { view: "runs" }],
  [`#/run/${A}`, { view: "run", id: A }],
  [`#/mistakes/${A}`, { view: "mistakes", id: A }],
  [`#/changes/${A}/${B}`, { view: "changes", first: A, second: B, part: null }],
  [`#/changes/${A}/${B}/train`, { view: "changes", first: A, second: B, part: "train" }],
  [`#/compare/${A}`, { view: "compare", first: A, second: null, part: null, number: null }],
  [`#/compare/${A}/${B}`, { view: "compare", first: A, second: B, part: null, number: null }],
  [`#/compare/${A}/${B}/0`, { view: "compare", first: A, second: B, part: null, number: 0 }],
  [`#/compare/${A}/-/17`, compare(null, null, 17)],
  [`#/compare/${A}/-/validation/17`, compare(null, "validation", 17)],
  [`#/compare/${A}/${B}/all`, compare(B, "all", null)],
  [`#/compare/${A}/${B}/train/0`, compare(B, "train", 0)],
])("%s", (hash, place) => {
  expect(read(hash)).toEqual(place);
  expect(write(place)).toBe(hash);
});

test.each(["", "#", "#/nothing", "#/run/x", "#/changes", `#/changes/${A}`, `#/changes/${A}/-`])(
  "%j names no place",
  (hash) => {
    expect(read(hash)).toEqual({ view: "runs" });
  },
);

test.each(["x", "-1", "1.5", "", "9".repeat(20)])("%j is no picture", (number) => {
  const place = read(`#/compare/${A}/${B}/${number}`);
  expect(place).toEqual(compare(B, null, null));
});
