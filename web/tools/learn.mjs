// What a page learns in a browser: node tools/learn.mjs PAGE OUT.safetensors
// Starts the page's own training, waits until it has ended, and saves the network that it made; as
// JSON how many seconds that took.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, out] = process.argv.slice(2);
if (!file || !out) {
  console.error("node tools/learn.mjs PAGE OUT.safetensors");
  process.exit(2);
}
const PATIENCE = 600_000;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
try {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(`${pathToFileURL(resolve(file)).href}#view=learn`);
  await page.getByRole("button", { name: "Start" }).click();
  const start = performance.now();
  const status = page.locator("[data-test=learn-status]");
  const ended = ["done", "failed"].map((name) => `[data-status=${name}]`);
  await page.locator(`[data-test=learn-status]:is(${ended.join(",")})`).waitFor();
  const seconds = (performance.now() - start) / 1000;
  const said = await status.getAttribute("data-status");
  if (said !== "done") throw new Error(`the page's training ended as ${said}`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save this network" }).click(),
  ]);
  await download.saveAs(resolve(out));
  console.log(JSON.stringify({ seconds }));
} finally {
  await browser.close();
}
