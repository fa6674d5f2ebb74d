import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, openLab } from "./lab";
import { LOOKS, openServed, type Look } from "./open";

let lab: Lab;

beforeAll(async () => (lab = await openLab()), 120_000);
afterAll(() => lab.remove());

const open = async (hash = "", look: Look = {}) => openServed(lab.address, { hash, ...look });

const row = (page: Page, name: string) => page.locator(`[data-run="${name}"]`);

/** Whether nothing is wider than the window. */
const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

test.each(LOOKS)("the runs, %o", async (look) => {
  const { page, close } = await open("/runs", look);
  await row(page, "first").waitFor();
  await page.getByRole("link", { name: "<b>second<i> & co" }).waitFor(); // markup is text
  expect(await row(page, "first").innerText()).toContain("lenet5");
  expect(await row(page, "first").innerText()).toContain("3 of 3");
  expect(await fits(page)).toBe(true);
  await close();
});

test.each(LOOKS)("one run, %o", async (look) => {
  const { page, close } = await open("/runs", look);
  await page.getByRole("link", { name: "first" }).click();
  await page.getByRole("img", { name: "Loss" }).waitFor();
  await page.getByRole("img", { name: "Accuracy" }).waitFor();
  expect(await page.getByRole("heading", { name: "first" }).count()).toBe(1);
  expect(await fits(page)).toBe(true);
  await page.getByText("The numbers").click();
  expect(await page.locator("tbody tr").count()).toBe(3);
  expect(await fits(page)).toBe(true);
  await close();
});

test("by keyboard alone, and in Korean", async () => {
  const { page, close } = await open("/runs");
  await row(page, "first").waitFor();
  await page.getByRole("link", { name: "first" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("img", { name: "Loss" }).waitFor();
  await page.getByLabel("Language").focus();
  await page.keyboard.press("End");
  await page.getByRole("img", { name: "손실" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("ko");
  await page.reload();
  await page.getByRole("img", { name: "손실" }).waitFor(); // it is kept
  await close();
});

test("a run that is not there any more is reported", async () => {
  const { page, faults, close } = await open(`/run/${"0".repeat(16)}`);
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").innerText()).toContain("no such run");
  expect(faults.splice(0)).toHaveLength(1); // the browser's own line about the 404
  await close();
});
