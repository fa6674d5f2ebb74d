/** Labels and numbers that are right of a sample: beside the answer, and where Backwards begins. */

import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import type { PageState } from "../../src/state/page.svelte";
import { open } from "./open";

const of = (name: string): string => join(inject("pages"), `${name}.html`);

const outputs = (page: Page): Promise<number[]> =>
  page.evaluate(() => [...(window as unknown as { pellucid: PageState }).pellucid.outputs]);

const loss = async (page: Page): Promise<number> =>
  Number((await page.locator("[data-test=loss]").textContent())!.replace("−", "-"));

test("labels that a sample has are ticked, and the loss compares with them", async () => {
  const { page, close } = await open(of("labels"), { hash: "view=backward" });
  const right = page.getByRole("region", { name: "Answer", exact: true }).locator("small");
  expect(await right.count()).toBe(2);
  expect(await page.locator("[data-test=named]").textContent()).toContain("is: wet, round");
  const boxes = page.locator("fieldset input[type=checkbox]");
  const checked = async (): Promise<boolean[]> =>
    Promise.all([0, 1, 2].map((k) => boxes.nth(k).isChecked()));
  expect(await checked()).toEqual([true, false, true]);
  const z = await outputs(page);
  const each = z.map((x, k) => Math.log1p(Math.exp(k === 1 ? x : -x)));
  expect(await loss(page)).toBeCloseTo(each.reduce((a, b) => a + b, 0) / 3, 6);
  // what one chooses goes before what is known, until another picture comes
  await boxes.nth(1).check();
  await expect.poll(() => right.count()).toBe(3);
  await page.getByRole("button", { name: "unknown" }).click();
  await expect.poll(() => right.count()).toBe(0);
  const answers = await outputs(page);
  await expect.poll(checked).toEqual(answers.map((x) => x >= 0));
  // a step towards what the network has answered itself is kept in the address
  await page.getByRole("button", { name: "Take a step" }).click();
  await expect.poll(() => page.url()).toContain("wanted=");
  await page.getByRole("button", { name: /^known/ }).click();
  await expect.poll(checked).toEqual([true, false, true]);
  await close();
});

test("numbers that are right stand beside the answer in their units", async () => {
  const { page, close } = await open(of("numbers"), { hash: "view=backward&language=ko" });
  const answer = page.getByRole("region", { name: "답", exact: true });
  await answer.locator("li").nth(2).waitFor();
  const shown = await answer.locator("li").allTextContents();
  for (const [name, number] of [
    ["age", "31.5"],
    ["height", "181"],
    ["weight", "64.5"],
  ]) {
    expect(shown.find((text) => text.includes(name))).toContain(`정답: ${number}`);
  }
  const wanted = [(31.5 - 40) / 12.5, (181 - 170) / 9, (64.5 - 70) / 11];
  // Huber's loss, whose errors are squared up to 1
  const each = (await outputs(page)).map((z, k) => {
    const error = Math.abs(z - wanted[k]);
    return error > 1 ? error - 0.5 : error ** 2 / 2;
  });
  expect(await loss(page)).toBeCloseTo(each.reduce((a, b) => a + b, 0) / 3, 4);
  await page.getByRole("button", { name: "unknown" }).click();
  await expect.poll(() => answer.locator("small").count()).toBe(0);
  await close();
});
