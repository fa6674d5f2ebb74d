import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LICENCES, withoutWords } from "../../tools/licences";
import { FOLDER } from "../browser/files";

test("what is bundled has its licence, word by word", () => {
  const text = readFileSync(new URL(LICENCES, FOLDER), "utf8");
  const svelte = readFileSync("node_modules/svelte/LICENSE.md", "utf8");
  expect(text).toContain(svelte.trim());
  expect(withoutWords(text)).toEqual([]);
});

test("a package without a licence is named", () => {
  const text = "# Licenses\n\n## a - 1.0.0 (MIT)\n\nCopyright (c) A\n\n## b - 2.1.0 (MIT)\n";
  expect(withoutWords(text)).toEqual(["b - 2.1.0 (MIT)"]);
});
