import { VERSION } from "svelte/compiler";
import { expect, test } from "vitest";
import { otherVersions } from "../../tools/versions";

test("a package in another version is named, with both", () => {
  expect(otherVersions({ svelte: VERSION })).toEqual([]);
  expect(otherVersions({ svelte: "4.0.0" })).toEqual([`svelte ${VERSION}, not 4.0.0`]);
});
