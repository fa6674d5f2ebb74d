/** Pages of runs that write captions or make pictures follow their training, and show it again. */

import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { LOOKS, open, openServed } from "./open";
import { Training } from "./training";

/** What Python makes of the weights after an epoch; see `tests/page/run_pages.py`. */
interface Moment {
  epoch: number;
  words?: number[];
  probabilities?: number[];
  outputs?: number[];
  picture?: number[];
}

/** Weights come after seconds, and later where the machine is busy. */
const PATIENT = { timeout: 30_000 };

const NAMES = ["captioner", "generator"] as const;
type Name = (typeof NAMES)[number];

/** What the page has in place of what Python makes. */
async function computed(page: Page, name: Name): Promise<Omit<Moment, "epoch">> {
  if (name === "generator") {
    return page.evaluate(() => {
      const { pellucid } = window;
      const picture = pellucid.values.of(pellucid.pictureLayer);
      return { outputs: Array.from(pellucid.outputs), picture: Array.from(picture) };
    });
  }
  return page.evaluate(() => {
    const { words } = window.pellucid.captions!;
    return {
      words: words.map(({ place }) => place),
      probabilities: words.map(({ probability }) => Number(probability.toFixed(5))),
    };
  });
}

const rounded = ({ epoch: _, probabilities, ...moment }: Moment): Omit<Moment, "epoch"> =>
  probabilities
    ? { ...moment, probabilities: probabilities.map((p) => Number(p.toFixed(5))) }
    : moment;

/** What is seen of it: the words with their probabilities, or the picture. */
async function seen(page: Page, name: Name): Promise<string> {
  if (name === "captioner") return (await page.locator("ol:has([data-test=word])").textContent())!;
  const layer = await page.evaluate(() => window.pellucid.pictureLayer);
  return page
    .locator(`[data-layer=${layer}] canvas`)
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
}

const hash = "sample=0&language=en";

test.each(NAMES)("the page of a %s follows its training", async (name) => {
  const training = new Training<{ moments: Moment[] }>(inject("pages"), `following-${name}`);
  const { page, close } = await openServed(await training.begin(), { hash });
  const shows = (moment: number): Promise<unknown> =>
    expect
      .poll(() => computed(page, name), PATIENT)
      .toEqual(rounded(training.facts.moments[moment]));
  training.offer(0, 0, 0);
  await shows(0);
  const pictures = new Set([await seen(page, name)]);
  for (const moment of [1, 2, 0, 2]) {
    training.offer(moment, 10 * moment, moment);
    await shows(moment);
    pictures.add(await seen(page, name));
  }
  expect(pictures.size).toBe(3);
  const bar = page.locator("[data-test=live]");
  expect(await bar.textContent()).toContain("epoch 2, step 20");
  await page.getByRole("button", { name: "Hold this moment" }).click();
  await expect.poll(() => bar.getAttribute("data-state"), PATIENT).toBe("held");
  training.offer(1, 30, 3);
  await page.getByRole("button", { name: "Follow again" }).click();
  await shows(1);
  await close();
  await training.close();
});

test("the word that is looked into stays, and its numbers follow", async () => {
  const training = new Training<{ moments: Moment[] }>(inject("pages"), "following-captioner");
  const { page, close } = await openServed(await training.begin(), { hash });
  training.offer(1, 5, 1);
  const expected = training.facts.moments[1].words!.length;
  await expect
    .poll(() => page.evaluate(() => window.pellucid.captions!.words.length), PATIENT)
    .toBe(expected);
  await page.evaluate(() => window.pellucid.captions!.choose(1));
  await page.evaluate(() => window.pellucid.captions!.open());
  await page.locator(".opened h2").waitFor();
  const sum = page.locator("[data-test=sum]");
  const before = await sum.textContent();
  training.offer(2, 9, 2);
  await expect.poll(() => sum.textContent(), PATIENT).not.toBe(before);
  expect(await page.evaluate(() => window.pellucid.captions!.number)).toBe(1);
  expect((await computed(page, "captioner")).words).toEqual(training.facts.moments[2].words);
  await close();
  await training.close();
});

test.each(NAMES)("the training of a %s is shown again, epoch by epoch", async (name) => {
  const { moments } = new Training<{ moments: Moment[] }>(inject("pages"), `following-${name}`)
    .facts;
  const file = join(inject("pages"), `replayed-${name}.html`);
  const { page, close } = await open(file, { hash: `view=learn&${hash}` });
  const model = await computed(page, name);
  await page.getByRole("slider", { name: "Epoch that the page shows" }).focus();
  await page.keyboard.press("Home");
  for (const moment of moments) {
    await expect.poll(() => page.evaluate(() => window.pellucid.replay!.shown)).toBe(moment.epoch);
    expect(await computed(page, name)).toEqual(rounded(moment));
    await page.keyboard.press("ArrowRight");
  }
  await page.getByRole("button", { name: "Back to the model" }).click();
  expect(await computed(page, name)).toEqual(model);
  await close();
});

test.each(LOOKS.flatMap((look) => NAMES.map((name) => ({ ...look, name }))))(
  "nothing of the replay of a $name is wider than the page at $width, dark: $dark",
  async ({ name, ...look }) => {
    const file = join(inject("pages"), `replayed-${name}.html`);
    const { page, close } = await open(file, { ...look, hash: "view=learn&epoch=1" });
    await expect.poll(() => page.locator("[data-test=shown]").textContent()).toContain("epoch 1");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await close();
  },
);
