/** Training on from what a run gets wrong, and what that changed. */

import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lab, openLab, pellucid } from "./lab";
import { LOOKS, openServed } from "./open";

let lab: Lab;
const MARKUP = "<b>copy<i>.png";

beforeAll(async () => {
  lab = await openLab((folder) => {
    const data = join(folder, "data");
    renameSync(join(data, "dark/000.png"), join(data, "light", MARKUP)); // labelled wrong
    // one that has learned next to nothing, so that training on mends what it gets wrong
    const settings = "--architecture lenet5 --epochs 1 --learning-rate 1e-6 --seed 1";
    pellucid(["train", data, ...settings.split(" "), "--out", join(folder, "runs/poor")]);
  });
}, 180_000);
afterAll(() => lab.remove());

const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

const count = async (page: Page, way: string) =>
  Number(/\d+/.exec(await page.locator(`[data-test=counts] [data-way=${way}]`).innerText())?.[0]);

let changes = "";

test("training on by what was decided, and what that changed", async () => {
  const { page, close } = await openServed(lab.address, { hash: "/runs" });
  await page.getByRole("link", { name: "poor", exact: true }).click();
  await page.getByRole("link", { name: "What it gets wrong" }).click();
  const wrong = page.locator("[data-test=mistakes] .thumbnail").first();
  await wrong.waitFor({ timeout: 60_000 });
  await wrong.focus();
  await page.keyboard.press("l");
  const trainOn = page.getByRole("button", { name: "Train on" });
  await expect.poll(() => trainOn.isEnabled()).toBe(true);
  await trainOn.click();
  const changed = page.locator("[data-test=changed]");
  await changed.locator("[data-way=corrected]").waitFor({ timeout: 120_000 }); // nobody asks for it
  expect(await page.locator("[data-test=state]").getAttribute("data-state")).toBe("finished");
  const corrected = await count(page, "corrected");
  expect(corrected).toBeGreaterThan(0);
  await changed.getByRole("link", { name: "What changed, picture by picture" }).click();
  const cards = page.locator("[data-test=changes] .card");
  await cards.first().waitFor({ timeout: 60_000 });
  changes = new URL(page.url()).hash.slice(1);
  expect(await page.locator(".card[data-way=corrected]").count()).toBe(corrected);
  await page.getByLabel("Show").selectOption("corrected");
  expect(await cards.count()).toBe(corrected);
  await close();
}, 240_000);

test.each(LOOKS)("pictures with another answer, %o", async (look) => {
  const { page, close } = await openServed(lab.address, { hash: changes, ...look });
  const cards = page.locator("a.card");
  await cards.first().waitFor();
  expect(await fits(page)).toBe(true);
  const first = cards.first().locator("img");
  await expect.poll(() => first.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(28);

  await cards.first().focus(); // by keyboard alone
  await page.keyboard.press("ArrowRight");
  const path = await page.locator("a.card:focus").getAttribute("data-path");
  await page.keyboard.press("Enter");
  await page.getByText(`${path}: `).waitFor();
  const number = Number(page.url().split("/").at(-1));
  expect(await page.getByRole("spinbutton").inputValue()).toBe(String(number));
  expect(await page.getByRole("link", { name: "What changed" }).count()).toBe(1);
  await page.goBack();
  await cards.first().waitFor();
  await close();
});

test("judged by another part, which the address names", async () => {
  const { page, close } = await openServed(lab.address, { hash: changes });
  const cards = page.locator("a.card");
  await cards.first().waitFor();
  const part = page.getByLabel("Part");
  expect(await part.inputValue()).toBe("test");
  await part.selectOption("train");
  await page.getByText("both learned from these pictures").waitFor({ timeout: 60_000 });
  expect(new URL(page.url()).hash).toBe(`#${changes}/train`);
  await cards.first().waitFor();
  const path = await cards.first().getAttribute("data-path");
  await cards.first().click();
  await page.getByText(`${path}: `).waitFor({ timeout: 60_000 });
  expect(page.url()).toMatch(/\/train\/\d+$/);
  expect(await page.getByLabel("Part").inputValue()).toBe("train");
  await page.getByText("learned from these pictures").waitFor();
  await page.getByLabel("Part").selectOption("test"); // its first picture
  await expect.poll(() => page.url(), { timeout: 60_000 }).toMatch(/\/test\/0$/);
  await expect
    .poll(() => page.getByText("learned from these pictures").count(), { timeout: 60_000 })
    .toBe(0);
  await close();
});

test("how far both are, stopped and begun again by keys; left, it ends", async () => {
  const { page, close } = await openServed(lab.address, { hash: changes });
  let over = false;
  const asked: string[] = [];
  await page.route("**/api/changes/**", async (route) => {
    const request = route.request();
    asked.push(request.method());
    if (over || request.method() === "DELETE") return route.continue();
    const json = { number: 1, state: "finding", doing: "answers", done: 30, of: 48, error: "" };
    await route.fulfill({ json: { ...json, found: null } });
  });
  await page.reload();
  await page.getByText("30 of 48 answers").waitFor();
  expect(await page.getByRole("progressbar").getAttribute("value")).toBe("30");
  await page.getByRole("button", { name: "Stop" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Stopped.").waitFor();
  await expect.poll(() => asked.at(-1)).toBe("DELETE");
  const before = asked.length;
  await page.waitForTimeout(1500);
  expect(asked.length).toBe(before); // it asks no more
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByText("30 of 48 answers").waitFor();
  await page.getByRole("link", { name: "Decisions" }).click();
  await expect.poll(() => asked.at(-1)).toBe("DELETE");
  over = true;
  await page.goBack();
  await page.locator("a.card").first().waitFor({ timeout: 60_000 });
  await close();
});

test("every mistake opens the network on its picture, those of training, too", async () => {
  const { page, close } = await openServed(lab.address, {
    hash: changes.replace("changes", "mistakes").replace(/\/[^/]+$/, ""),
  });
  for (const part of ["train", "validation"]) {
    const wrong = page.locator("[data-test=mistakes] .thumbnail", { hasText: `, ${part}` }).first();
    await wrong.waitFor({ timeout: 60_000 });
    const path = await wrong.getAttribute("data-path");
    await wrong.click();
    await page.getByRole("link", { name: "Open the network" }).click({ timeout: 60_000 });
    await page.getByText(`${path}: `).waitFor({ timeout: 60_000 });
    expect(page.url()).toContain(`/-/${part}/`);
    await page.goBack();
  }
  await close();
});

test("a mistake by any method", async () => {
  const { page, close } = await openServed(lab.address, {
    hash: changes.replace("changes", "mistakes").replace(/\/[^/]+$/, ""),
    width: 360,
    height: 740,
  });
  const wrong = page
    .locator("[data-test=mistakes] .thumbnail", { hasText: ", validation" })
    .first();
  await wrong.focus();
  const detail = page.locator("[data-test=detail]");
  await detail.getByRole("checkbox", { name: "Evidence" }).check();
  await detail.getByLabel("Method").selectOption("grad-cam");
  const map = detail.locator(".evidence");
  expect(await map.getAttribute("src")).toContain("grad-cam");
  await expect
    .poll(() => map.evaluate((image: HTMLImageElement) => image.naturalWidth), { timeout: 30_000 })
    .toBe(28);
  const [picture, sheet] = await Promise.all([
    wrong.boundingBox(),
    page.locator(".sheet").boundingBox(),
  ]);
  expect(picture!.y + picture!.height).toBeLessThanOrEqual(sheet!.y + 1); // beside it, not below
  await close();
});

test("in Korean", async () => {
  const { page, close } = await openServed(lab.address, { hash: changes });
  await page.getByLabel("Language").selectOption("ko");
  await page.getByRole("heading", { name: "무엇이 바뀌었는가" }).waitFor();
  await page.getByText(/^✓ 고쳐진 그림 \d+장$/).waitFor();
  await close();
});
