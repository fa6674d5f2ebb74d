// What a page computes in a browser: node tools/measure.mjs PAGE SEED.json OUT.bin
// Its values, gradients and weights' gradients as floats in OUT.bin; as JSON where each lies there,
// what the self-test says, and how many milliseconds opening and computing take.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, seed, out] = process.argv.slice(2);
if (!file || !seed || !out) {
  console.error("node tools/measure.mjs PAGE SEED.json OUT.bin");
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM });
try {
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  const start = performance.now();
  await page.goto(pathToFileURL(resolve(file)).href);
  const test = page.locator("[data-test=self-test], [role=alert]").first();
  await test.waitFor();
  const opened = performance.now() - start;
  const said = await test.textContent();
  const { arrays, forward } = await page.evaluate(measured, JSON.parse(readFileSync(seed, "utf8")));
  const parts = arrays.map(([kind, name, text]) => [kind, name, Buffer.from(text, "base64")]);
  writeFileSync(out, Buffer.concat(parts.map(([, , bytes]) => bytes)));
  const lengths = parts.map(([kind, name, bytes]) => [kind, name, bytes.length / 4]);
  console.log(JSON.stringify({ said, opened, forward, arrays: lengths }));
} finally {
  await browser.close();
}

/** Runs in the page. */
async function measured(seed) {
  const { network, data } = window.pellucid;
  const pixels = window.pellucid.samplePixels(0);
  const text = (floats) => {
    const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
    const pieces = [];
    for (let at = 0; at < bytes.length; at += 3 * 8192) {
      pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 3 * 8192))));
    }
    return pieces.join("");
  };
  const { forward, backward } = data.programs;
  const values = network.run(pixels);
  const gradients = await network.differentiate(pixels, seed);
  const arrays = [
    ...Object.keys(forward.values).map((name) => ["value", name, text(values.of(name))]),
    ...Object.keys(backward.gradients).map((name) => ["gradient", name, text(gradients.at(name))]),
    ...Object.keys(backward.weight_gradients ?? {}).map((name) => [
      "weight",
      name,
      text(gradients.weight(name)),
    ]),
  ];
  const times = [];
  const end = performance.now() + 1000;
  for (let repeats = 1; performance.now() < end || times.length < 3;) {
    const begin = performance.now();
    for (let i = 0; i < repeats; i++) network.run(pixels);
    const taken = performance.now() - begin;
    // the browser's clock is coarse
    if (taken < 10) repeats *= 2;
    else times.push(taken / repeats);
  }
  return { arrays, forward: Math.min(...times) };
}
