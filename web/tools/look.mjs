// Pictures of a page as readers get it, once it has computed: node tools/look.mjs PAGE FOLDER [HASH]
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, folder, hash = ""] = process.argv.slice(2);
if (!file || !folder) {
  console.error("scripts/web look PAGE FOLDER [HASH]: the page's file, and where pictures go");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
try {
  for (const [width, height] of [
    [360, 740],
    [1440, 900],
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      await page.goto(pathToFileURL(resolve(file)).href + (hash && `#${hash}`));
      await page.locator("[data-test=self-test], [role=alert]").first().waitFor();
      const path = join(folder, `${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      console.log(path);
      await page.close();
    }
  }
} finally {
  await browser.close();
}
