import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Preprocessing } from "../../src/engine/data";
import { converted } from "../../src/pictures/colours";
import { Fitting } from "../../src/pictures/fit";

interface Case {
  preprocessing: Preprocessing;
  size: [number, number];
  rgba: string;
  pixels: string;
}

const root = new URL("../../../", import.meta.url);
const python = new URL(".venv/bin/python", root).pathname;
const cases = JSON.parse(
  execFileSync(python, ["-m", "tests.page.fitted"], { cwd: root, maxBuffer: 1 << 26 }).toString(),
) as Case[];

/** In strips of `rows` rows, as the page takes large pictures. */
function fitted({ preprocessing, size: [width, height], rgba }: Case, rows: number): Uint8Array {
  const bytes = Buffer.from(rgba, "base64");
  const fitting = new Fitting(preprocessing, width, height);
  const [first, end] = fitting.resizing.span;
  const colours = { channels: preprocessing.channels, invert: !!preprocessing.invert };
  for (let top = first; top < end; top += rows) {
    const count = Math.min(rows, end - top);
    const strip = bytes.subarray(4 * top * width, 4 * (top + count) * width);
    fitting.resizing.take(converted(strip, width, count, colours), top);
  }
  return fitting.finish();
}

describe("a picture becomes the very pixels that Python makes of it", () => {
  test.each(cases.map((one, index) => [index, one] as const))("%i", (_, one) => {
    for (const rows of [1e9, 7]) {
      expect(Buffer.from(fitted(one, rows)).toString("base64")).toBe(one.pixels);
    }
  });
});
