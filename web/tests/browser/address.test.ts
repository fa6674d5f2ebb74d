import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { open } from "./open";

const file = join(inject("pages"), "small.html");

test("a link leads to the value that was opened, and back again", async () => {
  const { page, close } = await open(file, { hash: "sample=1&open=norm1:1,2,3&language=ko" });
  const heading = page.getByRole("heading", { name: /norm1/ });
  await heading.waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("ko");
  const pressed = await page.locator("li > [aria-pressed=true]").count();
  expect(pressed).toBe(1);
  const first = await heading.textContent();

  await page.evaluate(() => (location.hash = "#open=norm1:0,0,1"));
  await expect.poll(() => heading.textContent()).not.toBe(first);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");

  const entries = await page.evaluate(() => history.length);
  await page.locator("[data-layer=dense1] .sheet").click();
  await expect.poll(() => page.evaluate(() => location.hash)).toContain("open=dense1");
  expect(await page.evaluate(() => history.length)).toBe(entries);
  await close();
});

test.each([
  "sample=99",
  "open=norm1:99,0,0",
  "open=norm1:1,2",
  "open=no%20layer:1,2,3",
  "open=__proto__:1&open=norm1:0,0,0",
  "view=none&truth=-1&language=toString",
  "pixels=AAAA",
  "a-foreign-anchor",
])("what makes no sense is ignored: %s", async (hash) => {
  const { page, close } = await open(file, { hash });
  await page.locator("[data-test=self-test]").waitFor();
  expect(await page.locator("tfoot").count()).toBe(0);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
  await close();
});
