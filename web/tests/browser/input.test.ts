import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, inject, test } from "vitest";
import { fittedByPython } from "../fitted";
import { LOOKS, open, type Look, type Opened } from "./open";

const { files } = fittedByPython();
const fileOf = new Map(files.map(({ name, content }) => [name, Buffer.from(content, "base64")]));
const PHOTO = fileOf.get("photo.jpg")!;
const GIF = fileOf.get("palette.gif")!;
const PNG = fileOf.get("colour.png")!;

async function opened(name: "grey" | "small", look: Look = {}): Promise<Opened> {
  const found = await open(join(inject("pages"), `${name}.html`), look);
  await found.page.locator("[data-test=seen] canvas").waitFor();
  return found;
}

/** The pixels that the network takes, as they are shown. */
async function seen(page: Page, channels: 1 | 3): Promise<number[]> {
  return page.evaluate((channels) => {
    const canvas = document.querySelector<HTMLCanvasElement>("[data-test=seen] canvas")!;
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(data).filter((_, k) => k % 4 < channels);
  }, channels);
}

function apart(found: number[], expected: Uint8Array): number {
  expect(found.length).toBe(expected.length);
  return Math.max(...found.map((value, k) => Math.abs(value - expected[k]!)));
}

function way(page: Page, name: string): Promise<void> {
  return page.getByRole("button", { name, exact: true }).click();
}

async function give(page: Page, name: string, buffer: Buffer): Promise<void> {
  const chosen = { name, mimeType: "application/octet-stream", buffer };
  await page.locator("input[type=file]").setInputFiles(chosen);
}

function taken(page: Page, name: string): Promise<void> {
  return page.locator("[data-test=taken]").getByText(name, { exact: true }).waitFor();
}

/** Draw lines, in shares of the sheet. */
async function draw(page: Page, ...lines: [number, number][][]): Promise<void> {
  const { x, y, width, height } = (await page.locator("[data-test=sheet]").boundingBox())!;
  for (const line of lines) {
    for (const [index, [across, down]] of line.entries()) {
      await page.mouse.move(x + across * width, y + down * height, { steps: 4 });
      if (index === 0) await page.mouse.down();
    }
    await page.mouse.up();
  }
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
}

/** Rows or columns that hold ink: the first, and how many. */
function extent(pixels: number[], axis: 0 | 1): [number, number] {
  const places = pixels
    .flatMap((ink, k) => (ink > 0 ? [axis === 0 ? Math.floor(k / 28) : k % 28] : []))
    .sort((a, b) => a - b);
  return [places[0]!, places.at(-1)! - places[0]! + 1];
}

describe("drawing", () => {
  test("a drawing is made as large as MNIST's digits and centred, or taken as it is", async () => {
    const { page, close } = await opened("grey");
    await way(page, "Draw");
    await draw(page, [
      [0.1, 0.1],
      [0.1, 0.3],
      [0.2, 0.3],
    ]);
    const centred = await seen(page, 1);
    expect(extent(centred, 0)[1]).toBe(20);
    const mass = centred.reduce((sum, ink) => sum + ink, 0);
    const middle =
      centred.reduce((sum, ink, k) => sum + ink * (Math.floor(k / 28) + 0.5), 0) / mass;
    expect(Math.floor(middle)).toBe(14);
    await page.getByLabel("as drawn").check();
    const plain = await seen(page, 1);
    expect(extent(plain, 0)).toEqual([1, 9]); // 10 % to 30 % of 28, and the pen around
    expect(extent(plain, 1)).toEqual([1, 6]);
    await close();
  });

  test("strokes are undone, erased and cleared", async () => {
    const { page, close } = await opened("grey");
    await way(page, "Draw");
    await page.getByLabel("as drawn").check();
    await draw(page, [
      [0.2, 0.5],
      [0.8, 0.5],
    ]);
    const one = await seen(page, 1);
    expect(Math.max(...one)).toBe(255);
    await draw(page, [
      [0.5, 0.2],
      [0.5, 0.8],
    ]);
    expect(await seen(page, 1)).not.toEqual(one);
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    expect(await seen(page, 1)).toEqual(one);
    await page.getByRole("button", { name: "Eraser" }).click();
    await draw(page, [
      [0.5, 0.4],
      [0.5, 0.6],
    ]);
    const gap = await seen(page, 1);
    expect(gap[14 * 28 + 14]).toBe(0);
    expect(gap[14 * 28 + 7]).toBe(255);
    await page.getByRole("button", { name: "Clear" }).click();
    expect(Math.max(...(await seen(page, 1)))).toBe(0);
    await close();
  });

  test("the keyboard draws; a finger draws on the sheet and scrolls elsewhere", async () => {
    const { page, close } = await opened("grey");
    await way(page, "Draw");
    const touch = await page.evaluate(() =>
      ["[data-test=sheet]", "body"].map(
        (name) => getComputedStyle(document.querySelector(name)!).touchAction,
      ),
    );
    expect(touch).toEqual(["none", "auto"]);
    await page.getByLabel("as drawn").check();
    await page.locator("[data-test=sheet]").focus();
    for (let k = 0; k < 5; k++) await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Space");
    for (let k = 0; k < 8; k++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    const pixels = await seen(page, 1);
    expect(extent(pixels, 1)).toEqual([12, 12]);
    expect(extent(pixels, 0)[0]).toBe(7); // five above the middle, and half the pen
    await page.keyboard.press("Control+z");
    await expect.poll(async () => Math.max(...(await seen(page, 1)))).toBe(0);
    await close();
  });
});

test.each(["grey", "small"] as const)(
  "files are read as Python reads them, page %s",
  async (name) => {
    const { page, close } = await opened(name);
    for (const file of files) {
      await give(page, file.name, fileOf.get(file.name)!);
      await taken(page, file.name);
      const found = await seen(page, name === "grey" ? 1 : 3);
      const most = apart(found, Buffer.from(file.pixels[name], "base64"));
      expect.soft(most, file.name).toBeLessThanOrEqual(1);
    }
    await close();
  },
);

test("a picture is dropped and pasted anywhere, and black and white exchanged", async () => {
  const { page, close } = await opened("grey");
  const bytes = [...PNG];
  const [expected, exchanged] = (["grey", "inverted"] as const).map((rule) =>
    Buffer.from(files[0]!.pixels[rule], "base64"),
  ) as [Buffer, Buffer];
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "dropped.png"));
    const target = document.querySelector("h1")!;
    const about = { dataTransfer: data, bubbles: true, cancelable: true };
    if (target.dispatchEvent(new DragEvent("dragover", about))) throw new Error("not allowed");
    target.dispatchEvent(new DragEvent("drop", about));
  }, bytes);
  await taken(page, "dropped.png");
  expect(apart(await seen(page, 1), expected)).toBeLessThanOrEqual(1);
  await page.getByLabel("exchange black and white").check();
  await expect.poll(async () => apart(await seen(page, 1), exchanged)).toBeLessThanOrEqual(1);
  await way(page, "Samples");
  await page.getByRole("button", { name: /^b, / }).click();
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "pasted.png"));
    document.body.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, bytes);
  await expect.poll(async () => apart(await seen(page, 1), exchanged)).toBeLessThanOrEqual(1);
  await close();
});

function huge(): Buffer {
  const header = Buffer.from(PNG);
  header.writeUInt32BE(20000, 16);
  header.writeUInt32BE(20000, 20);
  return header;
}

const broken = Buffer.from(PNG);
broken.fill(0, 200, 300);

const REFUSED: [string, Buffer, RegExp][] = [
  ["nothing.png", Buffer.alloc(0), /empty/],
  ["words.png", Buffer.from("no picture"), /no picture/],
  ["cut.jpg", PHOTO.subarray(0, PHOTO.length >> 1), /damaged or cut short/],
  ["cut.gif", GIF.subarray(0, GIF.length >> 1), /damaged or cut short/],
  ["cut.png", PNG.subarray(0, PNG.length - 20), /damaged or cut short/],
  ["broken.png", broken, /damaged or cut short/],
  ["huge.png", huge(), /20000×20000/],
];

test("bad files are refused in one line each, and the picture before them stays", async () => {
  const { page, close } = await opened("grey");
  const before = await seen(page, 1);
  for (const [name, bytes, why] of REFUSED) {
    await give(page, name, bytes);
    const alert = page.getByRole("alert").filter({ hasText: name });
    await alert.waitFor();
    const said = (await alert.textContent())!;
    expect(said).toMatch(why);
    expect(said.trim()).not.toContain("\n");
    expect(await seen(page, 1)).toEqual(before);
  }
  await close();
});

test("the page goes on while a large picture is read", async () => {
  const { page, close } = await opened("grey");
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(4000, 3000);
    const context = canvas.getContext("2d")!;
    context.fillStyle = "#d40";
    context.fillRect(500, 500, 3000, 2000);
    const blob = await canvas.convertToBlob({ type: "image/jpeg" });
    const data = new DataTransfer();
    data.items.add(new File([blob], "large.jpg"));
    const counted = window as unknown as { turns: number };
    counted.turns = 0;
    setInterval(() => counted.turns++);
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
  });
  await taken(page, "large.jpg");
  const turns = await page.evaluate(() => (window as unknown as { turns: number }).turns);
  expect(turns).toBeGreaterThan(5);
  await close();
});

describe("the camera", () => {
  test("answers while it runs, keeps a picture, and stops", async () => {
    const { page, close } = await opened("grey");
    await page.context().grantPermissions(["camera"]);
    const sample = await seen(page, 1);
    await way(page, "Camera");
    await page.getByRole("button", { name: "Start the camera" }).click();
    await expect.poll(() => seen(page, 1)).not.toEqual(sample);
    const first = await seen(page, 1);
    await expect.poll(() => seen(page, 1)).not.toEqual(first); // the fake camera's picture moves
    await page.getByRole("button", { name: "Keep this picture" }).click();
    const kept = await seen(page, 1);
    await page.waitForTimeout(300);
    expect(await seen(page, 1)).toEqual(kept);
    await page.getByRole("button", { name: "Stop" }).click();
    expect(await page.locator("video").evaluate((video: HTMLVideoElement) => video.srcObject)).toBe(
      null,
    );
    await close();
  });

  test("that is refused says so", async () => {
    const { page, close } = await opened("grey");
    await way(page, "Camera");
    await page.getByRole("button", { name: "Start the camera" }).click();
    await page.getByText("The camera was refused").waitFor();
    await close();
  });

  test("that is not there says so", async () => {
    const before = (): void => {
      Object.defineProperty(navigator, "mediaDevices", { value: undefined });
    };
    const { page, close } = await opened("grey", { before });
    await way(page, "Camera");
    await page.getByRole("button", { name: "Start the camera" }).click();
    await page.getByText("offers no camera").waitFor();
    await close();
  });
});

test("samples are named, and arrow keys go through them", async () => {
  const { page, close } = await opened("grey");
  const first = page.getByRole("button", { name: "a, is: class 0" });
  await first.focus();
  await page.keyboard.press("ArrowRight");
  const second = page.getByRole("button", { name: "b, is: class 5" });
  expect(await second.getAttribute("aria-pressed")).toBe("true");
  expect(await second.evaluate((button) => button === document.activeElement)).toBe(true);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  expect(await first.getAttribute("aria-pressed")).toBe("true");
  await close();
});

test("pixels of colours, which nobody draws, are read, opened by pointer and keyboard, and stand in a table", async () => {
  const { page, close } = await opened("small");
  expect(await page.getByRole("button", { name: "Draw", exact: true }).count()).toBe(0);
  const values = await seen(page, 3);
  const pixels = page.locator("[data-test=seen] [role=button]");
  const { width, height } = (await pixels.boundingBox())!;
  await pixels.click({ position: { x: (width * 2.5) / 8, y: (height * 4.5) / 9 } });
  const at = (4 * 8 + 2) * 3;
  await page.getByRole("button", { name: `green ${values[at + 1]}`, exact: true }).click();
  await page.getByText("input [4, 2, 1]").first().waitFor();
  await pixels.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText("input [5, 2, 1]").first().waitFor();
  await page.getByText("pixels as a table").click();
  const row = page.locator("[data-test=seen] tbody tr").nth(5);
  await row.waitFor();
  const numbers = (await row.locator("td").allTextContents()).map(Number);
  expect(numbers).toEqual(Array.from({ length: 8 }, (_, x) => values[(5 * 8 + x) * 3 + 1]));
  await close();
});

test("the pixels that an opened value depends on are framed", async () => {
  const { page, close } = await opened("grey", { hash: `open=flatten1:${(6 * 13 + 2) * 4 + 1}` });
  const frame = page.locator("[data-test=field]");
  await frame.waitFor();
  const [field, whole] = [
    (await frame.boundingBox())!,
    (await page.locator("[data-test=seen] canvas").boundingBox())!,
  ];
  const pixels = [
    (28 * (field.x - whole.x)) / whole.width,
    (28 * (field.y - whole.y)) / whole.height,
    (28 * field.width) / whole.width,
    (28 * field.height) / whole.height,
  ].map(Math.round);
  // row 6, column 2 of what is pooled 2×2 after a convolution of 3×3 without padding
  expect(pixels).toEqual([4, 12, 4, 4]);
  await close();
});

test("the truth of a picture is chosen by name, and gone with the picture", async () => {
  const { page, close } = await opened("grey");
  expect(await page.getByLabel("What it really is").count()).toBe(0); // a sample says it itself
  await give(page, "colour.png", PNG);
  const truth = page.getByLabel("What it really is");
  await truth.fill("CLASS 42");
  await truth.press("Tab");
  expect(await truth.inputValue()).toBe("class 42");
  await truth.fill("class 999");
  await truth.press("Tab");
  await page.getByText("There is no such class").waitFor();
  await give(page, "photo.jpg", PHOTO);
  await expect.poll(() => truth.inputValue()).toBe("");
  await close();
});

test.each(LOOKS.filter(({ width, dark }) => width < 400 === dark))(
  "every way fits at $width, dark: $dark",
  async (look) => {
    const { page, close } = await opened("grey", look);
    for (const language of ["en", "ko"]) {
      await page.locator("header select").selectOption(language);
      const ways = page.locator("[data-test=ways] button");
      for (let k = 0; k < (await ways.count()); k++) {
        await ways.nth(k).click();
        const room = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(room, `${language}, ${k}`).toBe(0);
      }
    }
    await close();
  },
);
