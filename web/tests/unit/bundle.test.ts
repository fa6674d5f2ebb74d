import { readdirSync } from "node:fs";
import { Script } from "node:vm";
import { expect, test } from "vitest";
import { bundle, FOLDER } from "../browser/files";

const { script, style } = bundle();

test("a bundle is one classic script and one style, in ASCII, and their licences", () => {
  expect(readdirSync(FOLDER).sort()).toEqual(["licences.md", "page.css", "page.js"]);
  new Script(script);
  expect(script + style).toMatch(/^[\0-\x7f]+$/);
});

const NOT_IN_A_PAGE = {
  "the end of its element": /<\/script|<!--|<script|<\/style/i,
  "what fetches": /\bimport\(|\bimportScripts\(|@import|url\((?!["']?data:)/,
  "what evaluates text": /\beval\(|\bnew Function\b/,
  "a style that the policy refuses": /<[a-z][^<>]*\sstyle=/,
  "where it was made": /\.svelte\b|sourceMappingURL|node_modules|\/src\//,
};

test.each(Object.entries(NOT_IN_A_PAGE))("a bundle does not have %s", (_, pattern) => {
  expect(pattern.exec(script + style)?.[0]).toBeUndefined();
});
