import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { fromPython } from "./python";

const READER = new URL("../../../examples/read_model.mjs", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "pellucid-models-"));

interface Written {
  file: string;
  pixels: number[];
  answer: Record<string, number>;
}
let written: Written[];

beforeAll(() => {
  written = fromPython("tests.files.for_other_readers", folder);
}, 60_000);

const run = (...words: string[]): string =>
  execFileSync(process.execPath, [READER, ...words], { encoding: "utf8" });

test("a reader that has the specification alone gives the same answers", () => {
  expect(written.length).toBe(3);
  for (const { file, pixels, answer } of written) {
    const apart = Number(/: (\S+) of the largest logit apart/.exec(run(file))?.[1]);
    expect(apart, file).toBeLessThan(1e-5);
    const bytes = join(folder, "pixels");
    writeFileSync(bytes, Uint8Array.from(pixels));
    const found = JSON.parse(run(file, bytes)) as Record<string, number>;
    expect(Object.keys(found)).toEqual(Object.keys(answer));
    for (const [name, probability] of Object.entries(answer))
      expect(Math.abs(found[name]! - probability), `${file}: ${name}`).toBeLessThan(1e-5);
  }
}, 60_000);

test("a self-test that fails is an error", () => {
  const bytes = readFileSync(written[0]!.file);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  const [start] = header["self_test.logits"]!.data_offsets;
  bytes.writeFloatLE(1e6, 8 + length + start);
  const damaged = join(folder, "damaged.safetensors");
  writeFileSync(damaged, bytes);
  expect(() => run(damaged)).toThrow();
}, 60_000);
