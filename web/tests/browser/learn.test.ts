import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { LOOKS, open } from "./open";

const ROOT = new URL("../../../", import.meta.url).pathname;

const lesson = (name: string): string => join(inject("pages"), `learn-${name}.html`);

async function ended(page: Page, status: string): Promise<void> {
  const shown = page.locator("[data-test=learn-status]");
  await expect.poll(() => shown.getAttribute("data-status"), { timeout: 30_000 }).toBe(status);
}

async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  const file = join(inject("pages"), `${Date.now()}-${download.suggestedFilename()}`);
  await download.saveAs(file);
  return file;
}

/** Python loads what the page saved, and learns the same: it fails where a bit differs. */
function compare(name: string, file: string): void {
  execFileSync(join(ROOT, ".venv/bin/python"), ["-m", "tests.page.lessons", name, file], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

test("what the page learns and saves are the bits that Python learns: SGD, batch norm, dropout", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn" });
  await page.getByRole("button", { name: "Start" }).click();
  await ended(page, "done");
  compare("sgd", await saved(page, "Save this network"));
  await close();
});

test("a learning in pieces is the same learning: Adam, decay, a step, an epoch, pauses", async () => {
  const { page, close } = await open(lesson("adam"), { hash: "view=learn" });
  await page.getByRole("button", { name: "One step" }).click();
  await ended(page, "paused");
  await page.getByRole("button", { name: "One epoch" }).click();
  await ended(page, "paused");
  expect(await page.locator("[data-test=learn-status]").textContent()).toContain("step 10 of 60");
  await page.getByRole("button", { name: "Go on" }).click();
  const pause = page.getByRole("button", { name: "Pause" });
  await pause.click({ timeout: 500 }).catch(() => undefined); // it may be done before
  if (await page.getByRole("button", { name: "Go on" }).count()) {
    await page.getByRole("button", { name: "Go on" }).click();
  }
  await ended(page, "done");
  compare("adam", await saved(page, "Save this network"));
  await close();
});

test("the whole page shows the epoch that is chosen, and the delivered network again", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn" });
  const answer = page.locator("section", { has: page.locator("meter") }).last();
  const delivered = await answer.textContent();
  await page.getByRole("spinbutton", { name: "Seed" }).fill("4");
  await page.getByRole("spinbutton", { name: "Epochs" }).fill("3");
  await page.getByRole("button", { name: "Start" }).click();
  await ended(page, "done");
  const shown = page.locator("[data-test=shown]");
  expect(await shown.textContent()).toContain("epoch 3");
  const last = await answer.textContent();
  expect(last).not.toBe(delivered);
  const scrub = page.getByRole("slider", { name: "Epoch that the page shows" });
  await scrub.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => shown.textContent()).toContain("epoch 2");
  expect(await answer.textContent()).not.toBe(last);
  await page.getByRole("button", { name: "Back to the network" }).click();
  await expect.poll(() => answer.textContent()).toBe(delivered);
  await page.getByText("The numbers").click();
  expect(await page.locator("tbody tr").count()).toBe(3);
  await close();
});

test("in Korean: a rate is changed by keys, and what was learned is forgotten", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn&language=ko" });
  const rate = page.getByRole("slider", { name: "학습률" });
  await rate.focus();
  await page.keyboard.press("Home");
  await page.getByRole("button", { name: "시작" }).click();
  await ended(page, "done");
  await page.getByRole("button", { name: "잊고 처음으로" }).click();
  await ended(page, "new");
  await close();
});

test.each(LOOKS)("nothing is wider than the page at $width, dark: $dark", async (look) => {
  const { page, close } = await open(lesson("adam"), { ...look, hash: "view=learn" });
  await page.getByRole("button", { name: "One epoch" }).click();
  await ended(page, "paused");
  await page.getByText("The numbers").click();
  const room = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(room).toBe(0);
  await close();
});
