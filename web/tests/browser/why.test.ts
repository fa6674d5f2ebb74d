/** Explanations and surgery give what Python's give. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mute, setKernel } from "../../src/why/edits";
import { evidence } from "../../src/why/evidence";
import { enlarged, gradCam } from "../../src/why/grad_cam";
import { leadOf } from "../../src/why/lead";
import { occlusion } from "../../src/why/occlusion";
import { type Parts, partsOf } from "./page-parts";

const NETWORKS = ["lecture", "resnet20"];
const [TARGET, AGAINST, MAP] = [3, 1, 2];

interface Expected {
  layer: string;
  first: string;
  pooling: string;
  score: number;
  total: number;
  pixels: number[];
  cam_layer: string;
  cam: number[];
  occlusion: number[];
  edits: { mute: number[]; kernel: number[]; swap: number[] };
}

let folder: string;
const cases = new Map<string, { parts: Parts; expected: Expected }>();

beforeAll(async () => {
  const root = new URL("../../../", import.meta.url);
  folder = mkdtempSync(join(tmpdir(), "pellucid-reasons-"));
  const python = new URL(".venv/bin/python", root).pathname;
  execFileSync(python, ["-m", "tests.page.reasons", folder], { cwd: root, stdio: "inherit" });
  for (const name of NETWORKS) {
    const text = readFileSync(join(folder, `${name}.json`), "utf8");
    const expected = JSON.parse(text) as Expected;
    cases.set(name, { parts: await partsOf(join(folder, `${name}.html`)), expected });
  }
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers that agree within a share of the largest: without fusing, sums are rounded otherwise. */
function close(found: ArrayLike<number>, expected: readonly number[], share: number): void {
  expect(found.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  const apart = expected.map((value, i) => Math.abs(found[i] - value));
  expect(Math.max(...apart) / largest).toBeLessThan(share);
}

describe.each(NETWORKS)("%s", (name) => {
  test("evidence adds up, pixel by pixel as in Python", async () => {
    const { parts, expected } = cases.get(name)!;
    const values = parts.network.run(parts.samples).keep();
    const found = await evidence(parts.network, values, { target: TARGET, against: AGAINST });
    close(found.pixels, expected.pixels, 1e-4);
    close([found.score, found.total], [expected.score, expected.total], 1e-4);
    expect(found.bent).toEqual([]);
  });

  test("Grad-CAM looks into the same layer and sees the same", async () => {
    const { parts, expected } = cases.get(name)!;
    const { network, data, samples } = parts;
    expect(data.graph.cam).toBe(expected.cam_layer);
    const values = network.run(samples).keep();
    const asked = { target: TARGET, against: null };
    const { map, shape } = await gradCam(network, values, asked, expected.cam_layer);
    const [height, width] = data.graph.input;
    close(enlarged(map, shape, height, width), expected.cam, 1e-4);
  });

  test("covered patches lower the score as much, and it can be stopped", async () => {
    const { parts, expected } = cases.get(name)!;
    const asked = { target: TARGET, against: null };
    const found = await occlusion(parts.network, parts.samples, asked, () => true);
    close(found!.falls, expected.occlusion, 1e-4);
    expect(await occlusion(parts.network, parts.samples, asked, () => false, 0)).toBeNull();
  });

  test("the lead over another class is made of all shares and the biases", () => {
    const { parts } = cases.get(name)!;
    const { network, data } = parts;
    const values = network.run(parts.samples).keep();
    const { lead, shares } = leadOf(network, values, TARGET, AGAINST);
    const outputs = values.of(data.graph.output);
    expect(lead).toBe(outputs[TARGET] - outputs[AGAINST]);
    const last = data.graph.nodes.at(-1)!;
    const bias = network.weights.get(last.weights["bias"])!;
    const total = shares.reduce((sum, { share }) => sum + share, bias[TARGET] - bias[AGAINST]);
    close([total], [lead], 1e-4);
    expect(shares[0].share).toBeGreaterThanOrEqual(shares.at(-1)!.share);
  });

  test("surgery answers as Python's does, and leaves nothing behind", async () => {
    const { parts, expected } = cases.get(name)!;
    const { network, data, samples } = parts;
    const answer = (from = network): Float32Array => from.run(samples).keep().of(data.graph.output);
    const before = answer();
    const sobel = data.gallery.find((kernel) => kernel.name === "sobel-x")!;
    for (const [edit, wanted] of [
      [mute(network, expected.layer, MAP), expected.edits.mute],
      [setKernel(network, expected.first, MAP, sobel.matrix, "sobel-x"), expected.edits.kernel],
    ] as const) {
      network.setWeights(edit.weights);
      close(answer(), wanted, 1e-4);
      expect(answer()).not.toEqual(before);
      network.setWeights(edit.before);
      expect(answer()).toEqual(before);
    }
    const variant = data.variants.find(({ layer }) => layer === expected.pooling)!;
    close(answer(await network.variant(variant)), expected.edits.swap, 1e-4);
    expect(answer()).toEqual(before);
  });
});
