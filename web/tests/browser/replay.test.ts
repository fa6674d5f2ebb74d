/** A training that is shown again: the whole page is of the epoch that is chosen. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { LOOKS, open } from "./open";

const folder = inject("pages");
const file = join(folder, "replayed.html");

interface Facts {
  outputs: Record<string, number[]>;
  rows: { epoch: number; loss: number; validation_loss: number; validation_accuracy: number }[];
}
const facts = JSON.parse(readFileSync(join(folder, "replayed.json"), "utf8")) as Facts;
const epochs = Object.keys(facts.outputs).map(Number);
const last = epochs.at(-1)!;

const outputs = (page: Page): Promise<number[]> =>
  page.evaluate(() => Array.from(window.pellucid.outputs));
const shown = (page: Page): Promise<string | null> =>
  page.locator("[data-test=shown]").textContent();

test("by keys: every epoch has the bits that the engine computes with its weights", async () => {
  const { page, close } = await open(file, { hash: "view=learn" });
  const model = await outputs(page);
  const slider = page.getByRole("slider", { name: "Epoch that the page shows" });
  await slider.focus();
  await page.keyboard.press("Home");
  const sheet = page.locator("canvas[aria-label^='Kernels of']");
  const answer = page.getByRole("region", { name: "Answer", exact: true });
  const seen = new Set<string>();
  for (const epoch of epochs) {
    await expect.poll(() => shown(page)).toContain(`epoch ${epoch}`);
    expect(await outputs(page)).toEqual(facts.outputs[epoch]);
    const { loss } = facts.rows.find((row) => row.epoch === epoch)!;
    expect(await page.locator("[data-test=row]").textContent()).toContain(
      `After epoch ${epoch}: loss ${Number(loss.toPrecision(3))}`,
    );
    const kernels = await sheet.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    seen.add(`${kernels} ${await answer.textContent()}`);
    await page.keyboard.press("ArrowRight");
  }
  expect(seen.size).toBe(epochs.length);
  await page.getByRole("button", { name: "Back to the model" }).click();
  expect(await outputs(page)).toEqual(model);
  await close();
});

test("the address holds the epoch, and an opened number is of it", async () => {
  const { page, close } = await open(file, { hash: `open=dense1:1&epoch=${epochs[1]}` });
  await page.locator(".opened h2").waitFor();
  expect(await outputs(page)).toEqual(facts.outputs[epochs[1]]);
  const sum = page.locator("[data-test=sum]");
  const before = await sum.textContent();
  await page.evaluate((epoch) => (location.hash = `open=dense1:1&epoch=${epoch}`), last);
  await expect.poll(() => sum.textContent()).not.toBe(before);
  expect(await outputs(page)).toEqual(facts.outputs[last]);
  expect(await page.locator("[data-test=missing]").count()).toBe(0);
  await page.evaluate(() => (location.hash = "epoch=99"));
  await expect.poll(() => page.evaluate(() => window.pellucid.replay!.shown)).toBe("model");
  await close();
});

test("epochs are played to the last one; a change of the network stops it", async () => {
  const { page, close } = await open(file, { hash: "view=learn" });
  await page.getByRole("slider", { name: "Epoch that the page shows" }).focus();
  await page.keyboard.press("Home");
  await page.getByRole("button", { name: "Play" }).click();
  await expect.poll(() => outputs(page), { timeout: 15_000 }).toEqual(facts.outputs[last]);
  await page.getByRole("button", { name: "Play" }).click(); // it has ended, and begins again
  await expect.poll(() => shown(page)).toContain(`epoch ${epochs[0]}`);
  await page.getByRole("tab", { name: "Why" }).click();
  await page.getByRole("button", { name: /^Mute/ }).first().click();
  await page.waitForTimeout(1500);
  expect(await page.evaluate(() => window.pellucid.surgery.changes.length)).toBe(1);
  await close();
});

test("curves and numbers are the run's; without weights it says so in one line", async () => {
  const { page, close } = await open(join(folder, "curves.html"), {
    hash: "view=learn&language=ko",
  });
  expect(await page.locator("[data-test=alone]").textContent()).toContain("가중치");
  expect(await page.getByRole("slider", { name: "에포크" }).count()).toBe(0);
  await page.getByText("숫자로 보기").click();
  const rows = page.locator("tbody tr");
  expect(await rows.count()).toBe(facts.rows.length);
  for (const [k, { epoch, loss, validation_accuracy }] of facts.rows.entries()) {
    const cells = await rows.nth(k).locator("th, td").allTextContents();
    expect(cells[0]).toBe(String(epoch));
    expect(Number(cells[1])).toBeCloseTo(loss, 2);
    expect(Number(cells[3].replace("%", ""))).toBeCloseTo(100 * validation_accuracy, 1);
  }
  expect(await page.locator("figure h3").allTextContents()).toEqual(
    expect.arrayContaining(["손실", "정확도", "학습률"]),
  );
  await close();
});

test.each(LOOKS)("nothing is wider than the page at $width, dark: $dark", async (look) => {
  const { page, close } = await open(file, { ...look, hash: `view=learn&epoch=${epochs[1]}` });
  await page.getByText("The numbers").click();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await close();
});
