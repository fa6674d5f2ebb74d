import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, inject, test } from "vitest";
import { FOLDER } from "./files";
import { LOOKS, open } from "./open";

const file = join(inject("pages"), "small.html");

test.each(LOOKS)("a page opens and computes at $width, dark: $dark", async (look) => {
  const { page, close } = await open(file, look);
  const test = page.locator("[data-test=self-test]");
  await test.waitFor();
  expect(await test.textContent()).toContain("✓");
  expect(await page.locator("h1").textContent()).toBe("Small <b>network</b>");
  expect(await page.locator("b").count()).toBe(0);
  expect(await page.locator("canvas").count()).toBeGreaterThan(4);
  const [room, ground, numbers] = await page.evaluate(() => [
    document.documentElement.scrollWidth - innerWidth,
    getComputedStyle(document.body).backgroundColor,
    getComputedStyle(document.body).fontVariantNumeric,
  ]);
  expect(room).toBe(0);
  const light = Math.min(...(String(ground).match(/\d+/g) ?? []).map(Number));
  expect(look.dark ? light < 40 : light > 240, String(ground)).toBe(true);
  expect(numbers).toBe("tabular-nums");
  await close();
});

test("a page has the licence of everything that it is made of", async () => {
  const { page, close } = await open(file);
  await page.locator("[data-test=self-test]").waitFor();
  const words = page.locator("footer pre");
  expect(await words.isVisible()).toBe(false);
  await page.locator("footer summary").click();
  expect(await words.isVisible()).toBe(true);
  const bundled = readFileSync(new URL("licences.md", FOLDER), "utf8");
  expect(await words.textContent()).toContain(bundled.slice(bundled.indexOf("## ")).trim());
  await close();
});

test("parts are read where the browser has no fromBase64", async () => {
  const { page, close } = await open(file, {
    before: () => Reflect.deleteProperty(Uint8Array, "fromBase64"),
  });
  await expect.poll(() => page.locator("[data-test=self-test]").textContent()).toContain("✓");
  expect(await page.evaluate(() => "fromBase64" in Uint8Array)).toBe(false);
  await close();
});

const DAMAGES: Record<string, (text: string) => string> = {
  "not base64": () => "a page!",
  cut: (text) => text.slice(0, -8),
  nothing: () => "",
  "a bit flipped": (text) => {
    const bytes = Buffer.from(text, "base64");
    const place = bytes.length - 6; // within the checksum
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    return bytes.toString("base64");
  },
};

test.each(Object.entries(DAMAGES))("a part that is damaged is named: %s", async (name, damage) => {
  const html = readFileSync(file, "utf8");
  const part = /(?<=data-blob="weights">)[^<]*/;
  expect(part.test(html)).toBe(true);
  const damaged = join(inject("pages"), `damaged ${name}.html`);
  writeFileSync(damaged, html.replace(part, damage));
  const { page, close } = await open(damaged);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  expect(await alert.textContent()).toContain("weights");
  await close();
});

/** Flips bits of a part and packs it again, so that what packs finds nothing wrong. */
function repacked(html: string, name: string, change: (bytes: Buffer) => void): string {
  const part = new RegExp(`(?<=data-blob="${name}">)[^<]*`);
  const [text] = part.exec(html)!;
  const bytes = gunzipSync(Buffer.from(text, "base64"));
  change(bytes);
  return html.replace(part, gzipSync(bytes).toString("base64"));
}

test.each([
  ["of the highest byte of one weight", (bytes: Buffer) => (bytes[bytes.length - 1] ^= 1)],
  ["of the lowest byte of one weight", (bytes: Buffer) => (bytes[3] ^= 1)],
])("the self-test notices a bit flipped in the weights: %s", async (which, change) => {
  const damaged = join(inject("pages"), `bit ${which}.html`);
  writeFileSync(damaged, repacked(readFileSync(file, "utf8"), "weights", change));
  const { page, close } = await open(damaged);
  const said = page.locator("[data-test=self-test]");
  await said.waitFor();
  expect(await said.textContent()).toContain("▲");
  await close();
});
