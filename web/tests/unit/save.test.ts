import { expect, test } from "vitest";
import { fileName } from "../../src/draw/save";

test.each([
  [["digits", "conv1", "test[3]"], "digits-conv1-test-3.png"],
  [["</script>", "../../etc"], "script-etc.png"],
  [["숫자 0", "\u202ea"], "숫자-0-a.png"],
  [["...", "/"], "picture.png"],
])("a file's name of %j holds nothing but letters, digits, dots and hyphens", (words, expected) => {
  expect(fileName(words, "png")).toBe(expected);
});

test("a file's name is short, and cuts no letter in two", () => {
  const name = fileName(["𝒳".repeat(10_000)], "svg");
  expect([...name]).toHaveLength(64);
});
