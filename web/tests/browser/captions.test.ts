/** A captioner's page: its words are Python's, and each is a network that can be looked into. */

import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { type ReadWord, write } from "../../src/engine/captions";
import type { PageState } from "../../src/state/page.svelte";
import { evidence } from "../../src/why/evidence";
import { fromPython } from "../unit/python";
import { open } from "./open";
import { partsOf } from "./page-parts";

const fileOf = (cell: string): string => join(inject("pages"), `captions-${cell}.html`);

test.each(["gru", "lstm"])("words, probabilities and logits of %s are Python's", async (cell) => {
  const { network, data, samples } = await partsOf(fileOf(cell));
  const size = data.graph.input.reduce((product, n) => product * n, 1);
  const captions = data.captions!;
  expect(captions.cell).toBe(cell);
  const lengths = [];
  for (const [n, { words, probabilities }] of captions.expected.entries()) {
    const pixels = samples.subarray(n * size, (n + 1) * size);
    const places = network.run(pixels).of(captions.layers.places).slice();
    const found = write(captions, network.storedWeights, places);
    expect(found.map(({ place }) => place)).toEqual(words);
    lengths.push(words.length);
    for (const [k, word] of found.entries()) {
      expect(word.probability).toBeCloseTo(probabilities[k], 5);
      expect(word.looked.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 9);
      network.setWeights(word.weights);
      const values = network.run(pixels).keep();
      expect(values.answer[word.place]).toBeCloseTo(probabilities[k], 5);
      const asked = { target: word.place, against: null };
      const { total, score } = await evidence(network, values, asked);
      expect(total).toBeCloseTo(score, 4);
    }
  }
  expect(Math.max(...lengths)).toBeGreaterThan(2);
});

const opened = fromPython<Record<string, ReadWord[]>>("tests.page.caption_gates");

test.each(["gru", "lstm"])("gates, cells and states of %s are Python's", async (cell) => {
  const { network, data, samples } = await partsOf(fileOf(cell));
  const captions = data.captions!;
  const size = data.graph.input.reduce((product, n) => product * n, 1);
  const places = network.run(samples.subarray(0, size)).of(captions.layers.places).slice();
  const words = write(captions, network.storedWeights, places);
  expect(words.length).toBe(opened[cell].length);
  const near = (found: ArrayLike<number>, expected: ArrayLike<number>): void => {
    expect(found.length).toBe(expected.length);
    for (let k = 0; k < found.length; k++) expect(found[k]).toBeCloseTo(expected[k], 9);
  };
  for (const [n, expected] of opened[cell].entries()) {
    const { read } = words[n];
    near(read.before, expected.before);
    near(read.state, expected.state);
    expect(read.gates.length).toBe(captions.gates.length);
    read.gates.forEach((gate, k) => near(gate, expected.gates[k]));
    if (expected.cell) near(read.cell!, expected.cell);
    else expect(read.cell).toBe(null);
  }
});

test.each([
  ["gru", ["reset", "update", "candidate"], 1],
  ["lstm", ["input", "forget", "candidate", "output"], 2],
])("the page opens the gates of a unit of %s", async (cell, names, lines) => {
  const { page, close } = await open(fileOf(cell));
  await page.locator("[data-test=word]").nth(1).click();
  await page.locator("[data-test=gates] summary").click();
  await page.locator("[data-test=gates] input").fill("2");
  const gates = await page.locator("[data-test=gate]").allTextContents();
  expect(gates.map((line) => line.trim().split(" ")[0])).toEqual(names);
  const last = (line: string): number => Number(line.split("=").at(-1)!.trim().replace("−", "-"));
  const { read, wanted } = await page.evaluate(() => {
    const { captions } = (window as unknown as { pellucid: PageState }).pellucid;
    const { gates: all, state } = captions!.chosen.read;
    return { read: all.map((gate) => gate[2]), wanted: state[2] };
  });
  gates.forEach((line, k) => expect(last(line)).toBeCloseTo(read[k], 5));
  const whole = await page.locator("[data-test=state]").allTextContents();
  expect(whole.length).toBe(lines);
  expect(last(whole.at(-1)!)).toBeCloseTo(wanted, 5);
  await close();
});

test("a click on a word shows its network, and opens its logit", async () => {
  const { page, close } = await open(fileOf("gru"));
  expect(await page.locator("[data-test=same-words]").textContent()).toContain("✓");
  const words = page.locator("[data-test=word]");
  const count = await words.count();
  expect(count).toBeGreaterThan(1);
  await words.nth(1).click();
  await expect.poll(() => new URL(page.url()).hash).toContain("word=1");
  const [place, opened, answer, probability] = await page.evaluate(() => {
    const {
      captions,
      selected,
      answer: read,
    } = (window as unknown as { pellucid: PageState }).pellucid;
    const { place: at, probability: share } = captions!.chosen;
    return [at, selected!.at[0], read[at], share];
  });
  expect(opened).toBe(place);
  expect(answer).toBeCloseTo(probability, 5);
  await page.evaluate(() => (window as unknown as { pellucid: PageState }).pellucid.takeSample(1));
  expect(await page.locator("[data-test=same-words]").textContent()).toContain("✓");
  const shares = (): Promise<number[]> =>
    page.evaluate(() =>
      (window as unknown as { pellucid: PageState }).pellucid.captions!.words.map(
        ({ probability: share }) => share,
      ),
    );
  const before = await shares();
  await page.evaluate(() => {
    const { network, surgery } = (window as unknown as { pellucid: PageState }).pellucid;
    const [name, kernel] = [...network.storedWeights].find(([each]) => each.endsWith("kernel"))!;
    const what = { kind: "mute", layer: name.split(".")[0], channel: 0 } as const;
    const weights = new Map([[name, kernel.map((x) => -x)]]);
    surgery.edit({ what, weights, before: new Map([[name, kernel]]) } as never);
  });
  expect(await shares()).not.toEqual(before);
  await expect.poll(() => page.locator("[data-test=same-words]").count()).toBe(0);
  await page.evaluate(() =>
    (window as unknown as { pellucid: PageState }).pellucid.surgery.undoAll(),
  );
  expect(await shares()).toEqual(before);
  await close();
});
