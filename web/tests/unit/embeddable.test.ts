import { expect, test } from "vitest";
import { embeddableScript, embeddableStyle } from "../../tools/embeddable";

test("a script keeps its meaning, in ASCII, and ends no element", () => {
  const code = [
    "[",
    '"</script><!-- 숫자 😀 <SCRIPT>", `</ScRiPt \\\\é`,',
    "/<!--|−/u.test('−'), /^😀$/u.test('😀'), { größe: 1 }.größe, 1<!-1",
    "]",
  ].join("");
  const found = embeddableScript(code);
  expect(found).toMatch(/^[\0-\x7f]+$/);
  expect(found).not.toMatch(/<\/script|<!--|<script/i);
  expect((0, eval)(found)).toEqual((0, eval)(code));
});

test("what would change its meaning is refused", () => {
  expect(() => embeddableScript("`\\é`")).toThrow("backslash");
  expect(() => embeddableScript("import('x'); export {}")).toThrow();
});

test("a style is ASCII, and ends no element", () => {
  expect(embeddableStyle('a::before{content:"×😀f"}')).toBe('a::before{content:"\\d7 \\1f600 f"}');
  expect(() => embeddableStyle('a{content:"</STYLE>"}')).toThrow("element");
});
