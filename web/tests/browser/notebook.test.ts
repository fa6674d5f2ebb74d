import { join } from "node:path";
import type { Frame, Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { open } from "./open";

const notebook = (name: string): string => join(inject("pages"), `notebook-${name}.html`);

/** The page within the notebook, which has no origin and no address of its own. */
async function within(page: Page): Promise<Frame> {
  await page.locator("iframe").waitFor();
  const frame = page.frames()[1];
  await frame.locator("[data-test=self-test]").waitFor();
  return frame;
}

test("a page computes within a notebook, and follows what one does", async () => {
  const { page, close } = await open(notebook("small"));
  const frame = await within(page);
  expect(await frame.locator("[data-test=self-test]").textContent()).toContain("✓");
  const why = frame.getByRole("tab", { name: "Why" });
  await why.click();
  expect(await why.getAttribute("aria-selected")).toBe("true");
  await frame.waitForTimeout(600); // an address would be written by now
  await close();
});

test("it learns in its worker and saves within a notebook", async () => {
  const { page, close } = await open(notebook("learn-sgd"));
  const frame = await within(page);
  await frame.getByRole("tab", { name: "Learn" }).click();
  await frame.getByRole("button", { name: "Start" }).click();
  const status = frame.locator("[data-test=learn-status]");
  await expect.poll(() => status.getAttribute("data-status"), { timeout: 30_000 }).toBe("done");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    frame.getByRole("button", { name: "Save this network" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.safetensors$/);
  await close();
});
