import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { open } from "./open";

const small = join(inject("pages"), "small.html");
const deep = join(inject("pages"), "deep.html");

test("what is pointed at is read out, lights up what it reads, and is opened by a click", async () => {
  const { page, close } = await open(small);
  const layer = page.locator("[data-layer=norm1] .sheet");
  const readout = page.locator("[data-test=readout]");
  await layer.hover({ position: { x: 3, y: 3 } });
  await expect.poll(() => readout.textContent()).toMatch(/norm1.*map 0, row 0, column 0/);
  // 3 rows, 2 columns and 3 channels of a kernel
  expect(await readout.textContent()).toContain("reads 18");
  const text = await readout.textContent();
  await page.evaluate(() => (location.hash = "#sample=1"));
  await layer.hover({ position: { x: 3, y: 3 } });
  await expect.poll(() => readout.textContent()).not.toBe(text);
  await layer.click({ position: { x: 3, y: 3 } });
  await page.getByRole("heading", { name: /norm1/ }).waitFor();
  // each of two probabilities is made of all outputs
  await page.locator("[data-layer=dense1] .sheet").hover({ position: { x: 3, y: 3 } });
  await expect.poll(() => readout.textContent()).toMatch(/dense1.*read by 2$/s);
  await close();
});

test("the largest value of a layer is opened by a click on it, and reached by a key", async () => {
  const { page, close } = await open(deep);
  const mark = page.getByRole("button", { name: "the largest value of" }).first();
  await mark.click();
  const heading = page.locator(".opened h2");
  await heading.waitFor();
  const opened = await heading.textContent();
  const { layer, value, most } = await page.evaluate(() => {
    const { layer } = window.pellucid.selected!;
    const values = window.pellucid.values.of(layer);
    const most = Math.max(...values.map(Math.abs));
    return { layer, most, value: window.pellucid.values.at(layer, window.pellucid.selected!.at) };
  });
  expect(Math.abs(value)).toBe(most);
  await page.keyboard.press("Escape");
  await page.locator(`[data-layer="${layer}"] .sheet`).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("m");
  await page.keyboard.press("Enter");
  await expect.poll(() => heading.textContent()).toBe(opened);
  await close();
});

test("every value is reached by keys, and said", async () => {
  const { page, close } = await open(small);
  const layer = page.locator("[data-layer=relu1] .sheet");
  await layer.focus();
  const said = page.locator("[aria-live=polite]").filter({ hasText: /relu1/ });
  await expect.poll(() => said.textContent()).toMatch(/map 0, row 0, column 0: [+−0]/);
  for (const key of ["ArrowDown", "ArrowRight", "PageDown", "PageDown"]) {
    await page.keyboard.press(key);
  }
  await expect.poll(() => said.textContent()).toContain("map 2, row 1, column 1");
  await page.keyboard.press("Enter");
  await expect
    .poll(() => page.evaluate(() => decodeURIComponent(location.hash)))
    .toContain("open=relu1:1,1,2");
  const focused = (): Promise<string | null | undefined> =>
    page.evaluate(() => document.activeElement?.ariaLabel);
  await expect.poll(focused).toBe("The opened value");
  await page.keyboard.press("Escape");
  await expect.poll(focused).toMatch(/^relu1/);
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toMatch(/^pool1/);
  await close();
});

test("a long network begins folded, and unfolds to what is opened", async () => {
  const { page, close } = await open(deep);
  const layers = page.locator("[data-layer]");
  await layers.first().waitFor();
  const folded = await layers.count();
  expect(folded).toBeLessThan(8);
  await page.getByRole("button", { expanded: false }).first().click();
  expect(await layers.count()).toBeGreaterThan(folded);
  await page.getByRole("button", { expanded: true }).first().click();
  expect(await layers.count()).toBe(folded);
  // somewhere within a residual block within a stage
  const name = await page.evaluate(() => {
    const data = JSON.parse(document.getElementById("page")!.textContent!);
    return data.graph.outline[2].branches[0][0][0] as string;
  });
  expect(await page.locator(`[data-layer=${name}]`).count()).toBe(0);
  await page.evaluate((layer) => (location.hash = `#open=${layer}:0,0,0`), name);
  await page.locator(`[data-layer=${name}]`).waitFor();
  await close();
});

test("of many maps the strongest are drawn, and all of them on demand", async () => {
  const { page, close } = await open(deep);
  const name = await page.evaluate(() => {
    const { graph } = JSON.parse(document.getElementById("page")!.textContent!);
    const many = graph.nodes.find((node: { shape: number[] }) => node.shape[2] === 600);
    location.hash = `#open=${many.name}:0,0,7`;
    return many.name as string;
  });
  const layer = page.locator(`[data-layer=${name}]`);
  await expect.poll(() => layer.textContent()).toContain("strongest of 600");
  const before = (await layer.locator(".sheet").boundingBox())!;
  await layer.getByRole("button", { name: "strongest" }).click();
  const after = (await layer.locator(".sheet").boundingBox())!;
  expect(after.width * after.height).toBeGreaterThan(3 * before.width * before.height);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await close();
});
