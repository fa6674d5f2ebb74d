/** A captioner's page: its words are Python's, and each is a network that can be looked into. */

import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { write } from "../../src/engine/captions";
import type { PageState } from "../../src/state/page.svelte";
import { evidence } from "../../src/why/evidence";
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
