/** A value is opened and walked through, a gradient opened, and a step taken and undone. */

import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, inject, test } from "vitest";
import { LOOKS, open } from "./open";

const file = join(inject("pages"), "small.html");

/** A number as it stands in the page. */
function number(text: string | null | undefined): number {
  return Number((text ?? "").replaceAll("−", "-").replace(/[^\d.e+-]/g, ""));
}

const heading = (page: Page): Promise<string | null> => page.locator(".opened h2").textContent();

async function room(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

describe("a value", () => {
  test.each(LOOKS)("opens into its terms at $width, dark: $dark", async (look) => {
    const { page, close } = await open(file, { ...look, hash: "open=norm1:1,2,3" });
    const opened = page.locator(".opened");
    await opened.waitFor();
    const [, sum, engine] = await page.locator("[data-test=sum] dd").allTextContents();
    expect(number(sum)).toBeCloseTo(number(engine), 4);
    // three maps of the picture: window, stored kernel, kernel, products
    expect(await opened.locator("figure canvas").count()).toBe(12);
    expect(await opened.textContent()).toContain("γ/√(σ² + ε)");
    expect(await opened.locator("tbody tr").count()).toBe(18);
    expect(await room(page)).toBe(0);
    await close();
  });

  test("leads to its neighbours, into its terms, and back, by keys alone", async () => {
    const { page, close } = await open(file, { hash: "open=pool1:1,1,2" });
    const opened = page.locator(".opened");
    await opened.focus();
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => heading(page)).toContain("pool1 [0, 1, 2]");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("PageUp");
    await expect.poll(() => heading(page)).toContain("pool1 [0, 1, 1]");
    await page.keyboard.press("Enter");
    await expect.poll(() => heading(page)).toContain("relu1");
    await page.keyboard.press("Enter");
    await expect.poll(() => heading(page)).toContain("norm1");
    await page.keyboard.press("Enter");
    await expect.poll(() => heading(page)).toContain("input");
    expect(await page.locator("nav li").count()).toBe(4);
    await page.keyboard.press("Escape");
    await page.locator("nav button").first().click();
    await expect.poll(() => heading(page)).toContain("pool1 [0, 1, 1]");
    await close();
  });

  test("is found by its layer and place", async () => {
    const { page, close } = await open(file);
    const form = page.getByRole("form", { name: "Go to" });
    for (const [layer, place] of [
      ["relu1", "1, 1, 2"],
      ["norm1", "0, 1, 3"],
    ]) {
      await form.getByRole("combobox").selectOption(layer);
      await form.getByRole("textbox").fill(place);
      await form.getByRole("textbox").press("Enter");
      await expect.poll(() => heading(page)).toContain(`${layer} [${place}]`);
    }
    await form.getByRole("combobox").selectOption("relu1");
    await form.getByRole("textbox").fill("0, 0, 99");
    await form.getByRole("textbox").press("Enter");
    await expect.poll(() => form.getByRole("alert").textContent()).toContain("relu1");
    expect(await heading(page)).toContain("norm1");
    await close();
  });

  test("a sum grows term by term, and products appear with it", async () => {
    const { page, close } = await open(file, { hash: "open=norm1:1,2,3" });
    const slider = page.locator(".running input");
    const said = page.locator(".running output");
    const last = page.locator(".grids").last().locator("canvas").last();
    const drawn = (): Promise<string> =>
      last.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    await slider.waitFor();
    const whole = await drawn();
    await slider.fill("0");
    await expect.poll(() => said.textContent()).toContain("0 of 18");
    expect(await drawn()).not.toBe(whole);
    await page.locator(".running button").first().click();
    await expect.poll(() => said.textContent(), { timeout: 20_000 }).toContain("all 18");
    await expect.poll(drawn).toBe(whole);
    await close();
  });

  test("probabilities can be opened, and are those of the answer", async () => {
    const { page, close } = await open(file, { hash: "open=probabilities:1&sample=1" });
    const text = await heading(page);
    const answers = await page.locator("section[aria-live] li").allTextContents();
    const [share] = /[\d.]+ %/.exec(text!)!;
    expect(answers.some((answer) => answer.includes(share))).toBe(true);
    expect(await page.locator(".opened").textContent()).toContain("Σ e^");
    await close();
  });
});

describe("the way back", () => {
  test.each(LOOKS)("shows loss and gradients at $width, dark: $dark", async (look) => {
    const { page, close } = await open(file, { ...look, hash: "view=backward&truth=1" });
    const loss = page.locator("[data-test=loss]");
    await loss.waitFor();
    expect(number(await loss.textContent())).toBeGreaterThan(0);
    expect(await room(page)).toBe(0);
    await close();
  });

  test.each(["w:conv1.kernel:1,0,2,3", "w:norm1.gamma:2", "v:conv1:2,3,1", "v:input:4,4,1"])(
    "a gradient opens into its terms: %s",
    async (gradient) => {
      const { page, close } = await open(file, {
        hash: `view=backward&truth=1&gradient=${gradient}`,
      });
      await page.locator("[data-test=total]").waitFor();
      const [total, engine] = await Promise.all(
        ["total", "gradient"].map((name) => page.locator(`[data-test=${name}]`).textContent()),
      );
      expect(number(total)).toBeCloseTo(number(engine), 5);
      await close();
    },
  );

  test("numbers on a phone are neither cut nor out of sight", async () => {
    const { page, close } = await open(file, {
      width: 360,
      height: 740,
      hash: "view=backward&truth=1&gradient=v:conv1:2,3,1",
    });
    const cut = (parts: string): Promise<number[]> =>
      page
        .locator(parts)
        .evaluateAll((all) => all.map((each) => each.scrollWidth - each.clientWidth));
    await page.locator("[data-test=total]").waitFor();
    expect(await cut(".opened .scroll")).toEqual([0]);
    await page.evaluate(() => (location.hash = "#view=why"));
    await page.getByRole("button", { name: "Put it in" }).waitFor();
    const fields = await cut("fieldset td input");
    expect(fields).toEqual(fields.map(() => 0));
    expect(fields.length).toBeGreaterThan(3);
    await close();
  });

  test("a step lowers the loss, and can be undone", async () => {
    const { page, close } = await open(file, { hash: "view=backward&truth=1" });
    const loss = page.locator("[data-test=loss]");
    await loss.waitFor();
    const before = await loss.textContent();
    await page.locator("section input[type=number]").first().fill("0.001");
    await page.getByRole("button", { name: "Take a step" }).click();
    await expect.poll(async () => number(await loss.textContent())).toBeLessThan(number(before));
    expect(await page.locator("[data-test=step] tbody tr").count()).toBe(3);
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await expect.poll(() => loss.textContent()).toBe(before);
    await close();
  });
});

test("on a phone a view that is chosen begins below the tabs", async () => {
  const { page, close } = await open(file, { width: 360 });
  for (const name of ["Why", "Backwards", "Lecture"]) {
    await page.getByRole("tab", { name, exact: true }).click();
    const hidden = (): Promise<number> =>
      page.evaluate(
        () =>
          document.querySelector("[data-bar]")!.getBoundingClientRect().bottom -
          document.querySelector("#view")!.getBoundingClientRect().top,
      );
    await expect.poll(hidden).toBeLessThan(1);
  }
  await close();
});

test("the views are tabs that arrows move through", async () => {
  const { page, close } = await open(file);
  const tabs = page.getByRole("tab");
  await tabs.first().focus();
  const chosen = (): Promise<string | null> =>
    page.locator("[role=tab][aria-selected=true]").textContent();
  const first = await chosen();
  await page.keyboard.press("ArrowRight");
  await expect.poll(chosen).toBe("Backwards");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Backwards");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(chosen).toBe(await tabs.last().textContent());
  await page.keyboard.press("Home");
  await expect.poll(chosen).toBe(first);
  await close();
});
