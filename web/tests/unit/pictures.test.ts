import { describe, expect, test } from "vitest";
import { converted } from "../../src/pictures/colours";
import { Fitting } from "../../src/pictures/fit";
import { headerOf } from "../../src/pictures/header";
import { fittedByPython, type RandomPicture } from "../fitted";

const { random, files } = fittedByPython();

/** In strips of `rows` rows, as the page takes large pictures. */
function fitted(picture: RandomPicture, rows: number): Uint8Array {
  const { preprocessing, rgba } = picture;
  const [width, height] = picture.size;
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

/** The largest difference of two pictures. */
function apart(found: Uint8Array, expected: string): number {
  const bytes = Buffer.from(expected, "base64");
  expect(found.length).toBe(bytes.length);
  return found.reduce((most, value, k) => Math.max(most, Math.abs(value - (bytes[k] ?? NaN))), 0);
}

describe("a picture becomes what Python makes of it", () => {
  test.each(random.map((picture) => ({ ...picture.preprocessing, picture })))(
    "$picture.size, $channels channels, $resize, $filter",
    ({ picture }) => {
      const found = [1e9, 7].map((rows) => fitted(picture, rows));
      expect(found[0]).toEqual(found[1]);
      expect(apart(found[0]!, picture.pixels)).toBeLessThanOrEqual(1);
    },
  );
});

describe("a file's header", () => {
  const known = files.filter(({ name }) => !name.includes("turned"));

  test.each(known)("$name: size, bits, and whether it is whole", ({ name, content }) => {
    const bytes = new Uint8Array(Buffer.from(content, "base64"));
    const bits = { "bits.png": 1, "deep.png": 16 }[name] ?? 8;
    expect(headerOf(bytes)).toEqual({ width: 230, height: 170, bits, whole: true });
    for (const part of [0.02, 0.5, 0.9]) {
      const cut = headerOf(bytes.subarray(0, Math.floor(bytes.length * part)));
      if (!name.endsWith(".gif")) expect(cut?.whole, `${part} of it`).toBe(false);
    }
  });

  test("of other files there is none", () => {
    expect(headerOf(new TextEncoder().encode("<svg/>, or anything"))).toBeNull();
    expect(headerOf(new Uint8Array())).toBeNull();
  });
});
