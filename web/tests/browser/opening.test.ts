/** What is opened comes into sight with the focus, and closing leads back to where it was opened. */

import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { describe, expect, inject, test } from "vitest";
import { open } from "./open";

const small = join(inject("pages"), "small.html");

const opened = (page: Page): Locator => page.locator("[data-opened]");
const isOpened = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.activeElement?.matches("[data-opened]") ?? false);
const scrolled = (page: Page): Promise<number> => page.evaluate(() => Math.round(window.scrollY));

test("on a phone a value opens beside the map that was tapped, and closes to it", async () => {
  const { page, close } = await open(small, { width: 360, height: 740 });
  const map = page.locator("[data-layer=norm1] .sheet");
  // the map at the lower end of the window, where the sheet will be
  await map.evaluate((sheet) => {
    window.scrollBy({ top: sheet.getBoundingClientRect().top - 500 });
  });
  const before = await scrolled(page);
  await map.click({ position: { x: 3, y: 3 } });
  await expect.poll(() => isOpened(page)).toBe(true);
  const sheet = (await opened(page).boundingBox())!;
  const tapped = (await map.boundingBox())!;
  expect(sheet.y + sheet.height).toBeGreaterThan(700);
  expect(sheet.y).toBeLessThan(600);
  expect(tapped.y + 3).toBeGreaterThan(0);
  expect(tapped.y + 3).toBeLessThan(sheet.y);
  await opened(page)
    .getByRole("button", { name: /^Close/ })
    .click();
  await expect.poll(() => opened(page).count()).toBe(0);
  await expect.poll(() => scrolled(page)).toBe(before);
  const focused = await page.evaluate(() => document.activeElement?.ariaLabel);
  expect(focused).toMatch(/^norm1/);
  await close();
});

test("what is opened out of another view closes to that view", async () => {
  const { page, close } = await open(small, { width: 360, height: 740, hash: "view=why" });
  const pixel = page.locator(".strongest button").first();
  await pixel.click();
  await expect.poll(() => isOpened(page)).toBe(true);
  await page.keyboard.press("Escape");
  await page.locator(".strongest").first().waitFor();
  expect(await page.evaluate(() => window.pellucid.view)).toBe("why");
  await close();
});

test.each([
  [1280, 720],
  [1440, 900],
  [360, 740],
])("tabs and picture are in sight at first at %d×%d, the answer too", async (width, height) => {
  const { page, close } = await open(small, { width, height });
  const answer = width > 960 ? page.locator("section[aria-live] ol") : page.locator(".best");
  for (const part of [
    page.getByRole("tab").first(),
    page.locator("[data-test=seen] canvas"),
    answer,
  ]) {
    const box = (await part.first().boundingBox())!;
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.y + box.height).toBeLessThanOrEqual(height);
  }
  // a view that stands below the window comes into sight when its tab is pressed
  await page.getByRole("tab", { name: "Why" }).click();
  const panel = (await page.getByRole("tabpanel").boundingBox())!;
  expect(panel.y).toBeLessThan(0.75 * height);
  await close();
});

describe("by keys alone", () => {
  const last = (page: Page): Promise<string | undefined> =>
    page.evaluate(() => {
      const { selected } = window.pellucid;
      return selected ? `${selected.layer} ${selected.at.join()}` : undefined;
    });

  test("pictures of numbers move a cursor, Enter opens, Esc goes back", async () => {
    const { page, close } = await open(small, { height: 2400, hash: "open=norm1:1,2,3" });
    await page.locator("[data-opened] canvas[role=application]").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => last(page)).toMatch(/^input/);
    await expect.poll(() => isOpened(page)).toBe(true);
    await page.keyboard.press("Escape");
    await expect.poll(() => last(page)).toBe("norm1 1,2,3");
    await page.keyboard.press("Escape");
    await expect.poll(() => last(page)).toBe(undefined);

    await page.locator("[data-test=seen] [role=button]").focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await expect.poll(() => last(page)).toMatch(/^input/);
    await page.keyboard.press("Escape");
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.closest("[data-test=seen]") !== null))
      .toBe(true);
    await close();
  });

  test("a value opens by its place; one outside the layer gets a line", async () => {
    const { page, close } = await open(small);
    const form = page.getByRole("form");
    await form.locator("select").selectOption("norm1");
    await form.locator("input").fill("99, 0, 0");
    await page.keyboard.press("Enter");
    await form.getByRole("alert").waitFor();
    expect(await form.getByRole("alert").textContent()).toMatch(/norm1.*99, 0, 0/);
    expect(await last(page)).toBe(undefined);
    await form.locator("input").fill("1, 2, 3");
    await page.keyboard.press("Enter");
    await expect.poll(() => last(page)).toBe("norm1 1,2,3");
    expect(await form.getByRole("alert").count()).toBe(0);
    await close();
  });

  test("every value that reads one is reached", async () => {
    const { page, close } = await open(small, { hash: "open=input:4,4,1" });
    const places = opened(page).locator(".places").first();
    await places.getByRole("button", { name: /more$/ }).click();
    const [, count] = /for (\d+) values/.exec((await opened(page).textContent())!)!;
    while (await places.getByRole("button", { name: /more$/ }).count()) {
      await places.getByRole("button", { name: /more$/ }).click();
    }
    expect(await places.getByRole("button").count()).toBe(Number(count));
    await places.getByRole("button").last().click();
    await expect.poll(() => page.locator("nav li").count()).toBe(2);
    await close();
  });
});
