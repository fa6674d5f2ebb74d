import { expect, test } from "vitest";
import type { PageWorker } from "../../src/worker/start";
import { built, written } from "./files";
import { open } from "./open";

declare const pageWorker: PageWorker;

const file = written(await built("tests/browser/worker-entry.ts"));

test("a worker starts from within the file, and answers", async () => {
  const { page, close } = await open(file);
  expect(await page.evaluate(() => pageWorker.ask("ping", 7))).toBe(7);
  expect(page.workers().map((worker) => worker.url().split(":")[0])).toEqual(["blob"]);
  const later = await page.evaluate(async () => {
    const answers = Promise.allSettled([pageWorker.ask("ping", 1), pageWorker.ask("ping", 2)]);
    pageWorker.stop();
    return (await answers).map((answer) => answer.status);
  });
  expect(later).toEqual(["rejected", "rejected"]);
  await close();
});

test("pages and workers may compile WebAssembly, and evaluate no text", async () => {
  const { page, faults, close } = await open(file);
  const compiled = async (): Promise<number> => {
    const code = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    return WebAssembly.Module.exports(await WebAssembly.compile(code)).length;
  };
  expect(await page.evaluate(compiled)).toBe(0);
  await page.evaluate(() => pageWorker.ask("ping", 0));
  expect(await page.workers()[0]?.evaluate(compiled)).toBe(0);
  expect(faults).toEqual([]);
  await page.evaluate(() => setTimeout("document.title = 'evaluated'"));
  await expect.poll(() => faults.splice(0).join()).toContain("policy: script-src");
  expect(await page.title()).toBe("A network");
  await close();
});
