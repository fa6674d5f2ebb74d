import { expect, test } from "vitest";
import { brief, briefNames } from "../../src/text/brief";

test("a long name is cut between characters, a short one stays", () => {
  expect(brief("cat")).toBe("cat");
  expect(brief("x".repeat(60))).toBe("x".repeat(60));
  expect(brief("x".repeat(10_000))).toBe(`${"x".repeat(60)}…`);
  const faces = "😀".repeat(60);
  expect(brief(faces)).toBe(faces);
  expect(brief(`${faces}!`)).toBe(`${faces}…`);
});

test("names that begin alike stay apart", () => {
  const long = "a".repeat(70);
  const shown = briefNames([`${long}1`, "cat", `${long}2`, "cat"]);
  expect(new Set(shown.slice(0, 3)).size).toBe(3);
  expect(shown[1]).toBe("cat");
  expect(shown[3]).toBe("cat");
});
