/** Decisions that a page could not save, for the page of another lab on the same folder. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forgetUnsaved, keepUnsaved, unsavedOf } from "../../src/lab/unsaved.ts";

/** What a browser keeps: its keys are its own properties. */
function storage(): object {
  return Object.create({
    getItem(this: Record<string, string>, key: string) {
      return this[key] ?? null;
    },
    setItem(this: Record<string, string>, key: string, value: string) {
      this[key] = value;
    },
    removeItem(this: Record<string, string>, key: string) {
      delete this[key];
    },
  }) as object;
}

beforeEach(() => void vi.stubGlobal("localStorage", storage()));
afterEach(() => void vi.unstubAllGlobals());

test("changes of the same file are found, and no others", () => {
  keepUnsaved("here", "a/1.png", { before: null, after: { decision: "keep" } });
  keepUnsaved("here", "b/2.png", { before: null, after: null });
  keepUnsaved("elsewhere", "a/1.png", { before: null, after: null });
  localStorage.setItem("here", "something else");
  expect(unsavedOf("here").sort()).toEqual([
    ["a/1.png", { before: null, after: { decision: "keep" } }],
    ["b/2.png", { before: null, after: null }],
  ]);
  forgetUnsaved("here", "a/1.png");
  expect(unsavedOf("here").map(([path]) => path)).toEqual(["b/2.png"]);
  expect(unsavedOf("elsewhere")).toHaveLength(1);
});

test("a browser that keeps nothing breaks nothing", () => {
  const refused = () => {
    throw new DOMException("no", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refused, setItem: refused, removeItem: refused });
  keepUnsaved("here", "a", {});
  forgetUnsaved("here", "a");
  expect(unsavedOf("here")).toEqual([]);
});
