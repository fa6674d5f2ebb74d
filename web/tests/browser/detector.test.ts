/** A detector's page: boxes on the picture and in the list, their cells opened, and why they are there. */

import { join } from "node:path";
import { expect, inject, test } from "vitest";
import type { PageState } from "../../src/state/page.svelte";
import { evidence } from "../../src/why/evidence";
import { gradCam } from "../../src/why/grad_cam";
import { open } from "./open";
import { partsOf } from "./page-parts";

const file = join(inject("pages"), "detector.html");

test("evidence of a logit and of a distance adds up in a map", async () => {
  const { network, data, samples } = await partsOf(file);
  const size = data.graph.input.reduce((product, n) => product * n, 1);
  const values = network.run(samples.subarray(0, size)).keep();
  const [box] = values.boxes;
  const [height, width, depth] = network.shape(data.graph.output)!;
  expect([height, width, depth]).toEqual([5, 7, 7]);
  for (const channel of [box.class, 3, 6]) {
    const target = (box.place[0] * width + box.place[1]) * depth + channel;
    const asked = { target, against: null };
    const found = await evidence(network, values, asked);
    expect(found.score).toBe(values.of(data.graph.output)[target]);
    expect(Math.abs(found.score)).toBeGreaterThan(1e-3);
    expect(found.total).toBeCloseTo(found.score, 4);
    const { map } = await gradCam(network, values, asked, data.graph.cam!);
    expect(map.every(Number.isFinite)).toBe(true);
  }
});

test("a click on a box opens its logit, on a distance that; and leads to why", async () => {
  const { page, close } = await open(file);
  const boxes = page.locator("[data-test=box]");
  const shown = await page.evaluate(() =>
    (window as unknown as { pellucid: PageState }).pellucid.boxes.shown.map(
      ({ place, class: k }) => [...place, k],
    ),
  );
  expect(shown.length).toBeGreaterThan(1);
  expect(await boxes.count()).toBe(shown.length);
  expect(await page.locator("[data-test=outline]").count()).toBe(shown.length);
  expect(await page.locator("[data-test=right-box]").count()).toBe(1);
  await boxes.nth(1).click();
  const open_ = (): string | null =>
    new URLSearchParams(new URL(page.url()).hash.slice(1)).get("open");
  await expect.poll(open_).toBe(`ends:${shown[1].join(",")}`);
  await page.locator("[data-test=distances] button").nth(2).click();
  await expect.poll(open_).toBe(`ends:${shown[1][0]},${shown[1][1]},5`);
  await page.getByRole("button", { name: "Why here" }).click();
  const which = page.locator("[data-test=which]");
  expect(await which.inputValue()).toBe("1");
  await page.locator("tfoot").waitFor();
  await expect.poll(() => new URL(page.url()).hash).toContain("view=why");
  await page.getByRole("button", { name: "unknown" }).click();
  expect(await page.locator("[data-test=right-box]").count()).toBe(0);
  await close();
});

test("the loss of the boxes that are right goes back, and a step makes it smaller", async () => {
  const { page, close } = await open(file, { hash: "view=backward" });
  const loss = page.locator("[data-test=loss]");
  await loss.waitFor();
  const right = page.locator("[data-test=right-boxes]");
  const known = await right.inputValue();
  expect(known.split("\n").length).toBe(1);
  const before = Number(await loss.textContent());
  const rate = page.getByLabel("learning rate");
  await rate.fill("1e-7");
  await rate.blur();
  await page.getByRole("button", { name: "Take a step" }).click();
  await expect.poll(async () => Number(await loss.textContent())).toBeLessThan(before);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect.poll(async () => Number(await loss.textContent())).toBe(before);
  await right.fill("no box at all");
  await right.blur();
  await page.locator("[role=alert]").waitFor();
  await right.fill("");
  await right.blur();
  await expect.poll(async () => Number(await loss.textContent())).not.toBe(before);
  await close();
});

test("a number of a box is opened, and a place's boxes are known", async () => {
  const { page, close } = await open(file, { hash: "open=found:0,4" });
  const sum = page.locator("[data-test=sum]");
  await sum.waitFor();
  const boxes = await page.evaluate(() =>
    (window as unknown as { pellucid: PageState }).pellucid.boxes.all.map((box) => box.probability),
  );
  expect(Number(await sum.locator("dd").first().textContent())).toBeCloseTo(boxes[0], 6);
  await close();
});

test("a page of a network that hears takes no photographs", async () => {
  const { page, close } = await open(join(inject("pages"), "sound.html"));
  expect(await page.locator("[data-test=heard]").count()).toBe(1);
  expect(await page.locator("[data-test=ways]").count()).toBe(0);
  expect(await page.locator("header .first").textContent()).toContain("recording");
  const buffer = Buffer.from("no picture");
  await page
    .locator("input[type=file]")
    .first()
    .setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
  await expect.poll(() => page.locator("[role=alert]").textContent()).toContain("pellucid page");
  await close();
});

test("of two stages a box leads to its region, the region's cells and its anchor", async () => {
  const regions = join(inject("pages"), "regions.html");
  const { network, data, samples } = await partsOf(regions);
  const size = data.graph.input.reduce((product, n) => product * n, 1);
  const values = network.run(samples.subarray(0, size)).keep();
  const [box] = values.boxes;
  const depth = network.shape(data.graph.output)![1];
  const target = box.place[0] * depth + 7 + box.class;
  const found = await evidence(network, values, { target, against: target - 1 });
  expect(Math.abs(found.score)).toBeGreaterThan(1e-3);
  expect(found.total).toBeCloseTo(found.score, 4);
  const { page, close } = await open(regions);
  expect(
    await page.evaluate(() => window.pellucid.selfTest.same || !window.pellucid.selfTest.first),
  ).toBe(true);
  await page.locator("[data-test=box]").first().click();
  expect(await page.locator("[data-test=region]").count()).toBe(1);
  await page.locator("[data-test=proposals]").check();
  expect(await page.locator("[data-test=proposal]").count()).toBeGreaterThan(3);
  const open_ = (): string | null =>
    new URLSearchParams(new URL(page.url()).hash.slice(1)).get("open");
  await page.locator("[data-test=distances] button").nth(5).click();
  await expect.poll(open_).toMatch(new RegExp(`^aligned:${box.place[0]},3,3,`));
  await page.locator("[data-test=distances] button").nth(4).click();
  await expect.poll(open_).toBe(`proposals:${box.place[0]},4`);
  await close();
});
