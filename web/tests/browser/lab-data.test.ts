/** The data view and decisions: by keyboard, saved at once, and never lost. */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Lab, openLab } from "./lab";
import { LOOKS, type Look, openServed } from "./open";

let lab: Lab;
const MARKUP = "<b>copy<i>.png";
const decisions = () => join(lab.folder, "runs/decisions.csv");
const lines = () => (existsSync(decisions()) ? readFileSync(decisions(), "utf8").split("\n") : []);

beforeAll(async () => {
  lab = await openLab((folder) => {
    const data = join(folder, "data");
    copyFileSync(join(data, "dark/000.png"), join(data, "light", MARKUP));
    copyFileSync(join(data, "dark/002.png"), join(data, "dark/again.png"));
    writeFileSync(join(data, "light/bad.png"), "\x89PNG\r\n\x1a\n");
  });
}, 120_000);
afterAll(() => lab.remove());
beforeEach(() => rmSync(decisions(), { force: true, recursive: true }));

/** Check the data, and wait until that is done, or has failed. */
async function check(page: Page): Promise<void> {
  const found = () => page.locator("[data-test=check]").getAttribute("data-found");
  await expect.poll(found).toMatch(/^\d+ (none|done|failed)$/);
  const asked = page.waitForResponse((response) => response.url().endsWith("/api/data/check"));
  await page.getByRole("button", { name: /^Check (the data|again)$/ }).click();
  const { number } = (await (await asked).json()) as { number: number };
  const ends = [`${number + 1} done`, `${number} failed`];
  await expect
    .poll(async () => ends.includes((await found()) ?? ""), { timeout: 30_000 })
    .toBe(true);
}

async function checked(look: Look = {}) {
  const opened = await openServed(lab.address, { hash: "/data", ...look });
  const { page } = opened;
  await check(page);
  await picture(page, MARKUP).waitFor();
  return opened;
}

const picture = (page: Page, name: string) =>
  page.locator(`[data-kind="conflicting-labels"] [data-path$="${name}"]`);

const fits = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

test.each(LOOKS)("what a check found, %o", async (look) => {
  const { page, close } = await checked(look);
  expect(await picture(page, MARKUP).innerText()).toContain(MARKUP); // markup is text
  expect(await page.locator("[data-kind=unusable]").innerText()).toContain("bad.png");
  expect(await fits(page)).toBe(true);
  await page.locator("summary", { hasText: "dark: 61" }).click();
  await page.locator("details [data-path]").nth(59).waitFor();
  await page.getByRole("button", { name: "1 more" }).click();
  await page.locator("details [data-path]").nth(60).waitFor();
  await picture(page, "000.png").click();
  await page.locator("[data-test=decide]").waitFor();
  expect(await fits(page)).toBe(true);
  await close();
});

test("decisions by keyboard alone", async () => {
  const { page, close } = await checked();
  await picture(page, "dark/000.png").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("l");
  await expect
    .poll(lines)
    .toContainEqual(expect.stringMatching(/^light\/<b>copy<i>\.png,leave-out,,,/));
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("m"); // to the choice of classes, where the only other one is chosen
  await page.keyboard.press("Enter");
  await expect.poll(lines).toContainEqual(expect.stringMatching(/^dark\/000\.png,move,light,,/));
  await page.keyboard.press("n");
  await page.keyboard.type("k, l and m are text here");
  await page.keyboard.press("Enter");
  await expect
    .poll(lines)
    .toContainEqual(
      expect.stringMatching(/^dark\/000\.png,move,light,"k, l and m are text here",/),
    );
  await page.keyboard.press("u");
  await page.keyboard.press("u");
  await expect.poll(() => lines().join()).not.toContain("dark/000.png");
  expect(lines().join()).toContain("leave-out");
  await page.keyboard.press("k");
  await expect.poll(lines).toContainEqual(expect.stringMatching(/^dark\/000\.png,keep,,,/));
  await page.getByRole("link", { name: "Decisions" }).click();
  await page.getByText("1 kept, 0 moved, 1 left out.").waitFor();
  await close();
});

test("what somebody else decided meanwhile is shown beside it", async () => {
  const { page, faults, close } = await checked();
  await picture(page, MARKUP).focus();
  writeFileSync(decisions(), `path,decision,label,note,digest\nlight/${MARKUP},move,dark,mine,\n`);
  await page.keyboard.press("k"); // before the page hears of it, or after
  const both = page.locator("[data-test=contradicted]");
  const saved = () => lines().some((line) => /copy<i>\.png,keep,,/.test(line));
  await expect.poll(async () => saved() || (await both.count()) > 0).toBe(true);
  if (!saved()) {
    expect(lines().join()).toContain(",move,dark,mine,");
    await page.getByRole("button", { name: /^here: kept/ }).click();
  }
  await expect.poll(saved).toBe(true);
  expect(faults.splice(0).every((each) => each.includes("409"))).toBe(true);
  await close();
});

test("what cannot be saved stays in the page, and is tried again", async () => {
  const { page, faults, close } = await checked();
  mkdirSync(decisions()); // a folder is in the way
  await picture(page, MARKUP).focus();
  await page.keyboard.press("l");
  const unsaved = page.locator("[data-test=unsaved]");
  await unsaved.waitFor();
  expect(await unsaved.innerText()).toContain("decisions.csv");
  expect(await picture(page, MARKUP).getAttribute("data-decision")).toBe("leave-out");
  rmSync(decisions(), { recursive: true });
  await unsaved.waitFor({ state: "detached" });
  expect(lines().join()).toContain("leave-out");
  expect(faults.splice(0).every((each) => each.includes("400"))).toBe(true);
  await close();
});

test("what a page cannot save to a server that is gone, another page takes over", async () => {
  const { page, faults, close } = await checked();
  let asked = 0;
  await page.route("**/api/decisions", (route) => {
    if (route.request().method() !== "PUT") return route.continue();
    asked += 1;
    return route.abort();
  });
  await picture(page, MARKUP).focus();
  await page.keyboard.press("l");
  await page.locator("[data-test=unsaved]").waitFor();
  await page.waitForTimeout(1_000);
  expect(asked).toBeLessThan(3); // it is tried again after a while, not all the time
  expect(lines().join()).not.toContain("leave-out");
  const other = await page.context().newPage();
  await other.goto(`${lab.address}#/decisions`);
  await expect.poll(() => lines().join()).toContain("leave-out");
  await other.getByText("1 left out").waitFor();
  await page.unroute("**/api/decisions");
  await page.locator("[data-test=unsaved]").waitFor({ state: "detached" });
  expect(lines().filter((line) => line.includes("leave-out"))).toHaveLength(1);
  const left = await page.evaluate(() => Object.keys(localStorage).join());
  expect(left).not.toContain(MARKUP);
  expect(faults.splice(0).every((each) => each.includes("ERR_FAILED"))).toBe(true);
  await close();
});

test("data that have gone are reported, and come back", async () => {
  const { page, faults, close } = await checked();
  const [data, away] = ["data", "away"].map((name) => join(lab.folder, name));
  renameSync(data, away);
  await check(page);
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").innerText()).toContain(data);
  renameSync(away, data);
  await check(page);
  await page.getByRole("alert").waitFor({ state: "detached" });
  await picture(page, MARKUP).waitFor();
  // pictures that the page asked for meanwhile
  expect(faults.splice(0).every((each) => each.includes("400"))).toBe(true);
  await close();
});

test("in Korean", async () => {
  const { page, close } = await checked();
  await page.getByLabel("Language").selectOption("ko");
  await page.getByText("여러 클래스에 있는 같은 그림").waitFor();
  await page.getByRole("button", { name: "다시 점검하기" }).waitFor();
  await close();
});

test.each(LOOKS)("what a run gets wrong, %o", async (look) => {
  const { page, close } = await openServed(lab.address, { hash: "/runs", ...look });
  await page.getByRole("link", { name: "first" }).click();
  await page.getByRole("link", { name: "What it gets wrong" }).click();
  const wrong = page.locator("[data-test=mistakes] .thumbnail", { hasText: MARKUP });
  await wrong.waitFor();
  await wrong.focus();
  const detail = page.locator("[data-test=detail]");
  await detail.locator(".near img").nth(5).waitFor();
  await detail.getByRole("checkbox", { name: "Evidence" }).check();
  const evidence = detail.locator(".evidence");
  await expect
    .poll(() => evidence.evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBe(28);
  expect(await fits(page)).toBe(true);
  await wrong.focus();
  await page.keyboard.press("l");
  await expect.poll(() => lines().join()).toContain(`light/${MARKUP},leave-out`);
  await page.getByLabel("Decision").selectOption("none");
  await wrong.waitFor({ state: "detached" });
  await close();
});
