/** A network that is changed is shown as it is, says that it is changed, and can be had back. */

import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { full } from "../../src/draw/numbers";
import type { PageState } from "../../src/state/page.svelte";
import { open } from "./open";

declare global {
  interface Window {
    pellucid: PageState;
  }
}

const file = join(inject("pages"), "small.html");

test("after a step the opened weight is the new one, and other pictures have no table of it", async () => {
  const { page, close } = await open(file, { hash: "view=backward&truth=1" });
  const weight = (): Promise<number> =>
    page.evaluate(() => window.pellucid.storedWeights.get("dense1.kernel")![0]);
  await page.evaluate(() =>
    window.pellucid.backwards.open({ kind: "weight", name: "dense1.kernel", at: [0, 0] }),
  );
  const panel = page.getByRole("tabpanel");
  await page.getByRole("button", { name: "Take a step" }).click();
  await expect.poll(() => page.locator("[data-test=step]").count()).toBe(1);
  const digits = full(await weight());
  await expect.poll(() => panel.textContent()).toContain(digits);
  expect(await page.getByRole("status").textContent()).toContain("changed");

  await page.evaluate(() => window.pellucid.takeSample(1));
  await expect.poll(() => page.locator("[data-test=step]").count()).toBe(0);
  await close();
});

test("surgery and steps are taken back together, to the first answer", async () => {
  const { page, close } = await open(file, { hash: "view=why&truth=1" });
  await page.getByRole("button", { name: "Mute it" }).waitFor();
  const answer = (): Promise<number[]> => page.evaluate(() => [...window.pellucid.outputs]);
  const first = await answer();
  await page.getByRole("button", { name: "Mute it" }).click();
  await expect.poll(answer).not.toEqual(first);
  await page.getByRole("tab", { name: "Backwards" }).click();
  const muted = await answer();
  await page.getByRole("button", { name: "Take a step" }).click();
  await expect.poll(answer).not.toEqual(muted);
  await page.getByRole("status").getByRole("button").click();
  await expect.poll(answer).toEqual(first);
  expect(await page.getByRole("status").count()).toBe(0);
  await close();
});

test("what surgery is compared with is computed for the picture at hand", async () => {
  const { page, close } = await open(file, { hash: "view=why" });
  await page.getByRole("button", { name: "Mute it" }).waitFor();
  const answers = await page.evaluate(() => {
    const { pellucid } = window;
    pellucid.takeSample(1);
    const other = [...pellucid.outputs];
    pellucid.takeSample(0);
    return [[...pellucid.outputs], other];
  });
  await page.getByRole("button", { name: "Mute it" }).click();
  const before = (): Promise<number[]> =>
    page.evaluate(() => [...(window.pellucid.surgery.before ?? [])]);
  await expect.poll(before).toEqual(answers[0]);
  // probabilities and logits before and after, and by how much each logit changed
  const row = page.locator("[data-test=surgery] tbody tr").first();
  const cells = await row
    .locator("td")
    .evaluateAll((all) => all.map((cell) => cell.getAttribute("title")!));
  const shown = cells.map((text) => Number(text.replaceAll("−", "-")));
  expect(shown).toHaveLength(5);
  const after = await page.evaluate(() => [...window.pellucid.outputs]);
  // the likeliest before comes first
  const place = answers[0].indexOf(Math.max(...answers[0]));
  expect(shown[2] / answers[0][place]).toBeCloseTo(1, 5);
  expect(shown[3] / after[place]).toBeCloseTo(1, 5);
  expect(shown[4] / (after[place] - answers[0][place])).toBeCloseTo(1, 4);
  await page.evaluate(() => window.pellucid.takeSample(1));
  expect(await before()).toEqual(answers[1]);
  await close();
});
