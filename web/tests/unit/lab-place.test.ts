/** Addresses of the lab's views: each is read as it was written, and nothing else becomes one. */

import { expect, test } from "vitest";
import { type Place, read, write } from "../../src/lab/place";

const [A, B] = ["0123456789abcdef", "fedcba9876543210"];

test.each<[string, Place]>([
  ["#/runs", { view: "runs" }],
  [`#/run/${A}`, { view: "run", id: A }],
  [`#/mistakes/${A}`, { view: "mistakes", id: A }],
  [`#/changes/${A}/${B}`, { view: "changes", first: A, second: B }],
  [`#/compare/${A}`, { view: "compare", first: A, second: null, number: null }],
  [`#/compare/${A}/${B}`, { view: "compare", first: A, second: B, number: null }],
  [`#/compare/${A}/${B}/0`, { view: "compare", first: A, second: B, number: 0 }],
  [`#/compare/${A}/-/17`, { view: "compare", first: A, second: null, number: 17 }],
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
  expect(place).toEqual({ view: "compare", first: A, second: B, number: null });
});
