import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, inject, test } from "vitest";
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

describe("changes of the network in an address", () => {
  const hash = (page: Page): Promise<string> =>
    page.evaluate(() => decodeURIComponent(location.hash));
  const outputs = (page: Page): Promise<number[]> =>
    page.evaluate(() => [...window.pellucid.outputs]);

  test("surgery, steps and what is asked come back to the same bits", async () => {
    const { page, close } = await open(file, { hash: "view=why&truth=1" });
    await page.getByRole("button", { name: "Mute it" }).click();
    await page.getByRole("button", { name: "Put it in" }).click();
    await page.locator("fieldset").last().getByRole("button").first().click();
    await expect.poll(() => page.evaluate(() => window.pellucid.surgery.changes.length)).toBe(3);
    await page.getByRole("button", { name: "Occlusion" }).click();
    await page.evaluate(async () => {
      const { backwards } = window.pellucid;
      for (let step = 0; step < 3; step++) await backwards.stepAfresh(0.001);
    });
    await expect.poll(() => hash(page)).toContain("change=step:0.001:3");
    const [address, before] = [await hash(page), await outputs(page)];
    expect(address).toMatch(/change=mute:\w+:0&change=kernel:\w+:0:=.*change=swap:/);
    expect(address).toContain("why=occlusion");
    await close();

    const again = await open(file, { hash: address.slice(1) });
    await expect.poll(() => outputs(again.page)).toEqual(before);
    await expect.poll(() => hash(again.page)).toBe(address);
    expect(await again.page.locator("[data-test=missing]").count()).toBe(0);
    // a step is of one picture: with another one the page says that the address lacks it
    await again.page.evaluate(() => window.pellucid.takeSample(1));
    await again.page.locator("[data-test=missing]").waitFor();
    await expect.poll(() => hash(again.page)).not.toContain("change=");
    await again.page.evaluate(() => (location.hash = "#view=why"));
    await expect
      .poll(() => again.page.evaluate(() => window.pellucid.surgery.changes.length))
      .toBe(0);
    await again.close();
  });

  test.each([
    "change=mute:conv1:999",
    "change=mute:no layer:0&change=swap:pool1",
    "change=kernel:conv1:0:no-kernel",
    "change=kernel:conv1:0:=1,2;3",
    "change=kernel:conv1:0:=1,NaN",
    "change=kernel:conv1:0:=1e99",
    "change=swap:__proto__",
    "change=step:-1",
    "change=step:0.1:100000",
    `change=step:${"1".repeat(500)}`,
    "change=&change=step",
    "why=toString&for=99&against=-1&over=2&rate=x",
  ])("a damaged one changes nothing: %s", async (text) => {
    const { page, close } = await open(file, { hash: text });
    await page.locator("[data-test=self-test]").waitFor();
    await expect.poll(() => hash(page)).toBe("");
    const left = await page.evaluate(() => {
      const { surgery, why, backwards, data } = window.pellucid;
      const { method, target, against, over } = why;
      const rate = backwards.rate === data.learner.learning_rate;
      return [surgery.changes.length, surgery.pending, method, target, against, over, rate];
    });
    expect(left).toEqual([0, null, "evidence", null, "next", false, true]);
    await close();
  });
});
