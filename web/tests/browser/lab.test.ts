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

test.each(LOOKS)("two networks on the same picture, %o", async (look) => {
  const { page, close } = await open("/runs", look);
  await page.getByRole("link", { name: "first" }).click();
  await page.getByRole("link", { name: "Compare it, or change it" }).click();
  const layer = (name: string) => page.locator(`[data-layer="${name}"]`);
  await layer("C1").waitFor({ timeout: 60_000 });
  expect(await layer("C1").innerText()).toContain("the same");

  await page.getByText("Change the second network").click();
  await page.getByLabel("Map or unit", { exact: true }).fill("1");
  await page.getByRole("button", { name: "Change it" }).click();
  await expect.poll(() => layer("C1").innerText()).toContain("differs by");
  expect(await page.getByText("C1: map or unit 1 is 0").count()).toBe(1);

  await layer("C1").getByRole("button").click();
  const second = layer("C1").getByRole("img", { name: "C1, Second" });
  await second.focus();
  await page.keyboard.press("Shift+ArrowRight"); // the second map
  const readout = layer("C1").getByText(/^C1 \[0, 0, 1\]/);
  await readout.waitFor();
  expect((await readout.innerText()).replaceAll(/\s+/g, " ")).toMatch(/→ 0 \(difference/);
  expect(await fits(page)).toBe(true);

  await page.getByRole("button", { name: "Judge both" }).click();
  await page.getByText("get another answer").waitFor();
  await page.getByRole("button", { name: "Undo the last" }).click();
  await expect.poll(() => layer("C1").innerText()).toContain("the same");
  await close();
});

test("a changed network is kept as a model", async () => {
  const { page, faults, close } = await open("/runs");
  await page.getByRole("link", { name: "first" }).click();
  await page.getByRole("link", { name: "Compare it, or change it" }).click();
  await page.getByText("Change the second network").click();
  await page.getByRole("combobox", { name: /^Change/ }).selectOption("swap a pooling");
  await page.getByRole("button", { name: "Change it" }).click();
  await page.getByLabel("Name").fill("first");
  await page.getByRole("button", { name: "Save as a model" }).click();
  await page.getByText(/^Not saved: first is there already/).waitFor();
  expect(faults.splice(0)).toHaveLength(1); // the browser's own line about the 409
  await page.getByLabel("Name").fill("with averages");
  await page.getByRole("button", { name: "Save as a model" }).click();
  await page.getByRole("link", { name: "with averages" }).click();
  await page.getByRole("heading", { name: "with averages" }).waitFor();
  await close();
});

test("a training is started, paused, changed and stopped; its curve grows", async () => {
  const { page, close } = await open("/runs");
  const state = page.locator("[data-test=state]");
  const is = (words: string) =>
    expect.poll(() => state.innerText(), { timeout: 30_000 }).toContain(words);
  await page.getByLabel("Architecture").selectOption("lenet5");
  await page.getByLabel("Epochs").fill("5000");
  await page.getByRole("button", { name: "Start" }).click();
  await row(page, "data-lenet5").waitFor();
  await page.getByRole("link", { name: "data-lenet5" }).click();
  await page.getByRole("img", { name: "Loss" }).waitFor();
  await is("running");
  await page.getByRole("button", { name: "Pause" }).click();
  await is("paused");
  const paused = await state.innerText();
  await page.waitForTimeout(1500);
  expect(await state.innerText()).toBe(paused);

  await page.getByRole("slider").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.getByText("0.500 times the schedule's").waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  await is("running");

  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Stop it now" }).click();
  await is("stopped");
  // what it printed is opened by itself, since it ended with a code
  await expect
    .poll(() => page.locator("pre").innerText(), { timeout: 30_000 })
    .toContain("--resume");
  await close();
});
