/** What a run gets wrong that predicts numbers, and decisions about these. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, openLab, withNumbers } from "./lab";
import { LOOKS, type Look, openServed } from "./open";

let lab: Lab;
const decisions = () => join(lab.folder, "runs/decisions.csv");
const lines = () => (existsSync(decisions()) ? readFileSync(decisions(), "utf8").split("\n") : []);

beforeAll(async () => {
  lab = await openLab(withNumbers, "bars/bars.csv");
}, 180_000);
afterAll(() => lab.remove());

async function mistakes(look: Look = {}) {
  const opened = await openServed(lab.address, { hash: "/runs", ...look });
  const { page } = opened;
  await page.getByRole("link", { name: "bars", exact: true }).click();
  await page.getByRole("link", { name: "What it gets wrong" }).click();
  await thumbnails(page).first().waitFor({ timeout: 60_000 });
  return opened;
}

const thumbnails = (page: Page) => page.locator("[data-test=mistakes] .thumbnail");

const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

test.each(LOOKS)("numbers that are far off, %o", async (look) => {
  const { page, close } = await mistakes(look);
  expect(await page.locator("[data-test=numbers] tbody tr").count()).toBe(2);
  await thumbnails(page).first().focus();
  const detail = page.locator("[data-test=detail]");
  await detail.locator(".near img").nth(5).waitFor();
  const cells = await detail.locator("tbody td").allInnerTexts();
  const [label, answer, difference] = cells.map((each) => Number(each.replace("−", "-")));
  expect(Math.abs(answer! - label! - difference!)).toBeLessThan(0.02);
  expect(await detail.innerText()).toContain("likely wrong");
  await detail.getByRole("checkbox", { name: "Evidence" }).check();
  await expect
    .poll(() => detail.locator(".evidence").evaluate((i: HTMLImageElement) => i.naturalWidth))
    .toBe(16);
  expect(await detail.innerText()).toContain("vermilion makes grey higher");
  expect(await fits(page)).toBe(true);
  await close();
});

test("those that are too high or too low, and those with likely wrong labels", async () => {
  const { page, close } = await mistakes();
  const choice = page.getByLabel("Answer");
  const groups = await choice.locator("option").allInnerTexts();
  const [all, ...some] = groups.map((each) => Number(/\((\d+)\)/.exec(each)?.[1]));
  expect(some.reduce((sum, each) => sum + each, 0)).toBe(all);
  expect(groups.slice(1).every((each) => /^grey: too (high|low)/.test(each))).toBe(true);
  await choice.selectOption({ index: 1 });
  await expect.poll(() => thumbnails(page).count()).toBe(Math.min(60, some[0]!));
  await choice.selectOption({ index: 0 });
  await page.getByLabel("only labels that are likely wrong").check();
  await expect.poll(() => thumbnails(page).count()).toBeLessThan(20);
  expect(await thumbnails(page).count()).toBeGreaterThan(0);
  await close();
});

test("the right number by keyboard alone", async () => {
  const { page, close } = await mistakes();
  await thumbnails(page).first().focus();
  const path = await thumbnails(page).first().getAttribute("data-path");
  const field = page.getByLabel("Number that is right");
  await field.waitFor();
  expect(Number.isFinite(Number(await field.inputValue()))).toBe(true); // the answer
  await page.keyboard.press("m");
  await field.fill("much");
  expect(await page.getByRole("button", { name: /^Move to/ }).isDisabled()).toBe(true);
  await page.keyboard.press("Enter");
  await field.fill("7.25");
  await page.keyboard.press("Enter");
  await expect.poll(lines).toContainEqual(expect.stringMatching(`^${path},move,7.25,,`));
  expect(lines().join()).not.toContain("much");
  await page.getByText("→ 7.25").waitFor();
  await page.getByLabel("Language").selectOption("ko");
  await page.getByText("로버스트 표준편차: ").waitFor();
  await page.getByLabel("맞는 수").waitFor();
  await close();
});
