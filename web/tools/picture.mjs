// A page's first screen, 1280×720, light: node tools/picture.mjs PAGE OUT.png [HASH]
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, out, hash = ""] = process.argv.slice(2);
if (!file || !out) {
  console.error("node tools/picture.mjs PAGE OUT.png [HASH]");
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
try {
  const viewport = { width: 1280, height: 720 };
  const page = await browser.newPage({ viewport, colorScheme: "light" });
  await page.goto(pathToFileURL(resolve(file)).href + (hash && `#${hash}`));
  await page.locator("[data-test=self-test], [role=alert]").first().waitFor();
  await page.screenshot({ path: out });
} finally {
  await browser.close();
}
