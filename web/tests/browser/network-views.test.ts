import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { open } from "./open";

const small = join(inject("pages"), "small.html");
const deep = join(inject("pages"), "deep.html");

async function saved(page: Page, name: RegExp): Promise<{ file: string; bytes: Buffer }> {
  await page.getByText("Save ▾").click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name }).click(),
  ]);
  return { file: download.suggestedFilename(), bytes: readFileSync((await download.path())!) };
}

test("a layer and the network are saved, with names, scales and every map", async () => {
  const { page, close } = await open(small);
  await page.locator("[data-layer=norm1] .sheet").focus();
  const { file, bytes } = await saved(page, /network as SVG/);
  expect(file).toMatch(/^[\p{L}\p{N}.-]+\.svg$/u);
  const parsed = await page.evaluate((text) => {
    const read = new DOMParser().parseFromString(text, "image/svg+xml");
    return {
      faults: read.querySelectorAll("parsererror").length,
      images: read.querySelectorAll("image").length,
      texts: [...read.querySelectorAll("text")].map((each) => each.textContent),
      foreign: text.match(/(?:href|src)="(?!data:)/g),
    };
  }, bytes.toString("utf8"));
  const layers = await page.locator("[data-layer]").count();
  expect(parsed).toMatchObject({ faults: 0, images: layers, foreign: null });
  expect(parsed.texts).toContain("norm1");
  expect(parsed.texts).toContain("cat </script><b>bold</b>");

  const png = await saved(page, /norm1 as PNG/);
  expect(png.bytes.subarray(1, 4).toString()).toBe("PNG");
  const colours = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d")!;
    context.drawImage(image, 0, 0);
    const found = context.getImageData(0, 0, image.width, image.height).data;
    return new Set(new Uint32Array(found.buffer)).size;
  }, png.bytes.toString("base64"));
  expect(colours).toBeGreaterThan(30);
  await close();
});

test("the kernels of a layer are the weights that it is computed with", async () => {
  const { page, close } = await open(small, { hash: "open=norm1:1,2,3" });
  await page.getByRole("button", { name: "Kernels" }).click();
  await page.getByLabel("from input map").fill("2");
  await page.getByLabel("from input map").blur();
  const numbers = await page
    .locator("[data-test=kernel] td")
    .evaluateAll((cells) =>
      cells.map((cell) => Number((cell as HTMLElement).title.replace("−", "-"))),
    );
  // rows × columns of the kernel
  expect(numbers).toHaveLength(6);
  expect(new Set(numbers).size).toBe(6);
  await page.getByLabel("to map").fill("99");
  await page.getByLabel("to map").blur();
  expect(await page.getByLabel("to map").inputValue()).toBe("3");
  await close();
});

test("kernels are shown from the start, and a click opens a value while they change", async () => {
  const { page, close } = await open(deep);
  await page.getByRole("button", { name: "Kernels" }).click();
  await page.locator("[data-test=kernel] td").first().waitFor();
  const convolution = page.locator("figure[data-layer]").filter({ hasText: "convolution" }).last();
  const name = await convolution.getAttribute("data-layer");
  const top = async (): Promise<number> =>
    (await convolution.locator(".sheet").boundingBox())!.y + (await page.evaluate(() => scrollY));
  await convolution.scrollIntoViewIfNeeded();
  const before = await top();
  await convolution.locator(".sheet").hover({ position: { x: 3, y: 3 } });
  expect(await top()).toBeCloseTo(before, 3);
  await convolution.locator(".sheet").click({ position: { x: 3, y: 3 } });
  await page.getByRole("heading", { name: `${name} [` }).waitFor();
  await page.getByRole("heading", { name: `Kernels of ${name}` }).waitFor();
  await close();
});

test("the numbers around a value stand in a table, which follows the keyboard", async () => {
  const { page, close } = await open(small, { hash: "open=relu1:1,2,3" });
  await page.getByRole("button", { name: "Numbers" }).click();
  const table = page.locator("[data-test=numbers]");
  const own = table.locator(".own");
  const spoken = page.locator("[data-test=readout] output");
  await expect.poll(() => own.textContent()).toBe(await spoken.textContent());
  expect(await table.locator("tbody tr").count()).toBe(7);
  await page.locator("[data-layer=relu1] .sheet").focus();
  await page.keyboard.press("End");
  await expect.poll(() => own.evaluate((cell) => (cell as HTMLTableCellElement).cellIndex)).toBe(7);
  expect(await own.textContent()).toBe(await spoken.textContent());
  await close();
});

test("in 3-D a value under the pointer is read out and opened; arrows turn the network", async () => {
  const { page, close } = await open(small, { hash: "network=space" });
  const view = page.getByRole("application", { name: /3-D/ });
  await view.waitFor();
  const labels = page.locator(".space .label");
  await expect.poll(() => labels.count()).toBeGreaterThan(4);
  const before = await labels.first().getAttribute("style");
  await view.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => labels.first().getAttribute("style")).not.toBe(before);
  await page.keyboard.press("0");
  await expect.poll(() => labels.first().getAttribute("style")).toBe(before);

  const box = (await view.boundingBox())!;
  const readout = page.locator("[data-test=readout]");
  const found = await (async () => {
    for (let y = 0.2; y < 0.8; y += 0.03) {
      await page.mouse.move(box.x + box.width / 2, box.y + y * box.height);
      if (/reads/.test((await readout.textContent()) ?? "")) return y;
    }
    return 0;
  })();
  expect(found).toBeGreaterThan(0);
  await page.mouse.click(box.x + box.width / 2, box.y + found * box.height);
  await expect.poll(() => page.evaluate(() => location.hash)).toContain("open=");
  await page.mouse.wheel(0, 300);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(0);
  await close();
});

test("without WebGL the flat view says so and stays", async () => {
  const { page, close } = await open(deep, {
    hash: "network=space",
    before: () => {
      const given = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string) {
        return kind === "webgl2" ? null : given.call(this, kind as "2d");
      } as typeof given;
    },
  });
  await page.getByRole("status").filter({ hasText: "3-D" }).waitFor();
  await page.locator("[data-layer]").first().waitFor();
  expect(await page.locator(".space").count()).toBe(0);
  await close();
});
