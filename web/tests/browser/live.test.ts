/** A page follows a training: everything that it shows is of the newest weights, and the rest stays. */

import type { Page } from "playwright-core";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { LOOKS, openServed } from "./open";
import { Training } from "./training";

/** What is asked for again comes after seconds, and later where the machine is busy. */
const PATIENT = { timeout: 15_000 };

let training: Training;
let address: string;

beforeEach(async () => {
  training = new Training(inject("pages"));
  address = await training.begin();
});
afterEach(() => training.close());

const bar = (page: Page): Promise<string | null> => page.locator("[data-test=live]").textContent();
const stateOf = (page: Page): Promise<string | null> =>
  page.locator("[data-test=live]").getAttribute("data-state");

/** How far a training is, as it says itself. */
const progress = (more: object): object => ({
  epoch: 3,
  epochs: 9,
  step: 1240,
  loss: 0.5,
  accuracy: 0.75,
  paused: false,
  doing: "",
  ended: "",
  ...more,
});

/** What the page computes with: the outputs, and the value that Python has looked at. */
async function computed(page: Page): Promise<{ outputs: number[]; value: number }> {
  const { layer, at } = training.facts;
  return page.evaluate(
    ({ layer, at }) => {
      const { pellucid } = window;
      const { outputs, values } = pellucid;
      return { outputs: Array.from(outputs), value: values.at(layer, at) };
    },
    { layer, at },
  );
}

async function shows(page: Page, moment: number): Promise<void> {
  await expect
    .poll(async () => (await computed(page)).outputs[0], PATIENT)
    .toBe(training.facts.moments[moment].outputs[0]);
  expect(await computed(page)).toEqual(training.facts.moments[moment]);
}

test("maps, the number under the pointer, the opened value and the answer follow, as the engine has them", async () => {
  const { layer, at } = training.facts;
  const hash = `sample=0&open=${layer}:${at.join(",")}&language=en`;
  const { page, close } = await openServed(address, { hash });
  await page.locator(".opened h2").waitFor();
  await shows(page, 0); // as it came, since there are no others yet
  expect(await stateOf(page)).toBe("waiting");

  const sheet = page.locator(`[data-layer=${layer}] .sheet`);
  await sheet.hover({ position: { x: 3, y: 3 } });
  const painted = (): Promise<string> =>
    page
      .locator(`[data-layer=${layer}] canvas`)
      .first()
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const seen = async (): Promise<(string | null)[]> => [
    await painted(),
    await page.locator("[data-test=readout] output").textContent(),
    await page.locator("[data-test=sum]").textContent(),
    await page.locator("tbody").first().textContent(),
    await page.getByRole("region", { name: "Answer", exact: true }).textContent(),
  ];
  const before = await seen();

  training.offer(1, 1240, 3);
  await shows(page, 1);
  expect(await bar(page)).toContain("epoch 3, step 1,240");
  expect(await stateOf(page)).toBe("running");
  const after = await seen();
  after.forEach((text, k) => expect(text, `part ${k}`).not.toBe(before[k]));
  // the pointer has not moved, and what is opened is the same place
  expect(await page.evaluate(() => window.pellucid.selected)).toEqual({ layer, at });
  expect(page.url()).toContain("open=");
  expect(page.url()).not.toContain("learned");
  expect(await page.locator("[data-test=missing]").count()).toBe(0);

  training.offer(2, 1300, 4);
  await shows(page, 2);
  expect(await seen()).not.toEqual(after);
  await close();
});

test("why, and the gradients of the loss, follow too", async () => {
  training.offer(1, 5, 1);
  const { page, close } = await openServed(address, { hash: "view=why" });
  await shows(page, 1);
  const panel = page.getByRole("tabpanel");
  const why = await panel.textContent();
  training.offer(2, 6, 1);
  await shows(page, 2);
  await expect.poll(() => panel.textContent()).not.toBe(why);
  await page.getByRole("tab", { name: "Backwards" }).click();
  await page.waitForFunction(() => window.pellucid.gradients !== null);
  const gradient = (): Promise<number> =>
    page.evaluate(() => window.pellucid.gradients!.at("input").reduce((sum, x) => sum + x * x, 0));
  const steep = await gradient();
  training.offer(1, 7, 1);
  await shows(page, 1);
  await expect.poll(gradient).not.toBe(steep);
  await close();
});

test("by keys: a moment is held, and the newest is shown again", async () => {
  training.offer(1, 10, 1);
  const { page, close } = await openServed(address);
  await shows(page, 1);
  await page.getByRole("button", { name: "Hold this moment" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => stateOf(page), PATIENT).toBe("held");
  const { asked } = training;
  training.offer(2, 20, 2);
  training.say("progress", progress({ step: 20, epoch: 2 }));
  await expect.poll(() => bar(page)).toContain("training is at epoch 2, step 20");
  await shows(page, 1);
  expect(training.asked).toBe(asked); // nothing is fetched that is not shown
  await page.keyboard.press("Enter");
  await shows(page, 2);
  expect(await stateOf(page)).toBe("running");
  await close();
});

test("a network that is changed here stays until the changes are taken back", async () => {
  training.offer(1, 10, 1);
  const { page, close } = await openServed(address, { hash: "view=why" });
  await shows(page, 1);
  await page.getByRole("button", { name: /^Mute/ }).first().click();
  await expect.poll(() => stateOf(page), PATIENT).toBe("held");
  const changed = (await computed(page)).outputs;
  training.offer(2, 20, 2);
  await page.waitForTimeout(600);
  expect((await computed(page)).outputs).toEqual(changed);
  expect(await page.evaluate(() => window.pellucid.surgery.changes.length)).toBe(1);
  await page.getByRole("button", { name: "Follow again" }).click();
  await shows(page, 2);
  await close();
});

test("weights that do not come, or are others', are said; those shown stay, and it goes on", async () => {
  training.offer(1, 10, 1);
  const { page, faults, close } = await openServed(address);
  await shows(page, 1);
  const failure = page.locator("[data-test=live] [role=alert]");
  training.refuse = { status: 409, error: "the run <b>is gone</b>" };
  training.offer(2, 20, 2);
  await expect.poll(() => failure.textContent(), PATIENT).toContain("the run <b>is gone</b>");
  await shows(page, 1);
  expect(await bar(page)).toContain("step 10");
  training.refuse = null;
  training.short = true;
  training.offer(2, 21, 2);
  await expect.poll(() => failure.textContent(), PATIENT).toMatch(/bytes came, expected/);
  await shows(page, 1);
  training.short = false; // it asks again by itself
  await shows(page, 2);
  expect(await failure.count()).toBe(0);
  expect(faults.splice(0).every((fault) => fault.includes("409"))).toBe(true);
  await close();
});

test("a pause, the end, and a lab that is gone are said", async () => {
  training.offer(1, 10, 1);
  const { page, faults, close } = await openServed(address, { hash: "language=ko" });
  await shows(page, 1);
  training.say("progress", progress({ paused: true }));
  await expect.poll(() => stateOf(page), PATIENT).toBe("paused");
  expect(await bar(page)).toContain("일시 정지");
  training.say("progress", progress({}));
  await expect.poll(() => stateOf(page), PATIENT).toBe("running");
  const { asked } = training;
  training.say("progress", progress({ ended: "finished" }));
  await expect.poll(() => stateOf(page), PATIENT).toBe("ended");
  await expect.poll(() => training.asked).toBe(asked + 1); // the model that remains
  training.say("failed", { error: "the disk is full" });
  await expect.poll(() => bar(page), PATIENT).toContain("the disk is full");
  training.say("failed", { error: "" });
  await expect.poll(() => bar(page), PATIENT).not.toContain("the disk is full");
  training.say("progress", progress({})); // it is taken up again
  await expect.poll(() => stateOf(page), PATIENT).toBe("running");
  await training.close();
  await expect.poll(() => stateOf(page), PATIENT).toBe("lost");
  await shows(page, 1);
  faults.splice(0);
  await close();
});

test("a tab that is not seen listens to nothing, and comes back to the newest", async () => {
  training.offer(1, 10, 1);
  const { page, close } = await openServed(address);
  await shows(page, 1);
  const see = (hidden: boolean): Promise<void> =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await expect.poll(() => training.listening).toBe(1);
  await see(true);
  await expect.poll(() => training.listening).toBe(0);
  const { asked } = training;
  training.offer(2, 20, 2);
  await page.waitForTimeout(400);
  expect(training.asked).toBe(asked);
  await see(false);
  await shows(page, 2);
  await expect.poll(() => training.listening).toBe(1);
  await close();
});

test("of many weights in a second at most four are shown, and the last one in the end", async () => {
  training.offer(1, 0, 1);
  const { page, close } = await openServed(address);
  await shows(page, 1);
  const first = training.asked;
  const begun = Date.now();
  for (let step = 1; step <= 60; step++) {
    training.offer(step % 2, step, 1);
    await page.waitForTimeout(20);
  }
  training.offer(2, 99, 2);
  await shows(page, 2);
  const seconds = (Date.now() - begun) / 1000;
  expect(training.asked - first).toBeLessThanOrEqual(4 * seconds + 2);
  await expect.poll(() => bar(page)).toContain("step 99");
  await close();
});

test.each(LOOKS)("the bar fits at $width, dark: $dark", async (look) => {
  training.offer(1, 123456, 12);
  const { page, close } = await openServed(address, look);
  await shows(page, 1);
  await page.getByRole("button", { name: "Hold this moment" }).click();
  training.say("progress", progress({ step: 223456 }));
  await expect.poll(() => bar(page)).toContain("223,456");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await close();
});
