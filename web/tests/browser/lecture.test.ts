/** Every question of the lecture: right answers are taken, wrong ones are not, and get a hint. */

import { join } from "node:path";
import { expect, inject, test } from "vitest";
import type { PageState } from "../../src/state/page.svelte";
import { open } from "./open";

/** What the page's engine and the slides say, apart from how the lecture comes to it. */
interface Known {
  input: number[];
  image: number[][];
  kernel: number[][];
  layers: Record<string, { name: string; from: string; shape: number[]; kernel: number[] }>;
  values: Record<string, { shape: number[]; values: number[] }>;
  outputs: number[];
  ranking: number[];
}

function known(): Known {
  const { data, network, outputs, ranking, values } = (window as unknown as { pellucid: PageState })
    .pellucid;
  const kinds = ["conv2d", "batch_norm", "relu", "max_pool", "flatten", "dense"];
  const layers: Known["layers"] = {};
  const found: Known["values"] = {};
  const keep = (name: string): void => {
    found[name] = { shape: [...network.shape(name)!], values: [...values.of(name)] };
  };
  keep("input");
  for (const node of data.graph.nodes) {
    keep(node.name);
    if (!kinds.includes(node.kind)) continue;
    const kernel = node.weights["kernel"] ? [...network.weightShape(node.weights["kernel"])] : [];
    layers[node.kind] = { name: node.name, from: node.inputs[0], shape: node.shape, kernel };
  }
  const { image, kernel } = data.slides;
  return {
    input: data.graph.input,
    image,
    kernel,
    layers,
    values: found,
    outputs: [...outputs],
    ranking: [...ranking],
  };
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** The numbers in a question, but not those in names such as conv1. */
function numbersIn(prompt: string): number[] {
  const text = prompt.replaceAll("−", "-").replace(/\(.*?\)/g, "");
  return (text.match(/(?<![\w.])-?\d+(\.\d+)?(e-?\d+)?/g) ?? []).map(Number);
}

/** The answers to a chapter's questions. */
function answers(chapter: string, prompts: readonly string[], page: Known): number[] {
  const asked = prompts.map(numbersIn);
  const at = (layer: string, place: readonly number[]): number => {
    const { shape, values } = page.values[layer];
    return values[place.reduce((index, n, axis) => index * shape[axis] + n, 0)];
  };
  const { layers, outputs } = page;
  switch (chapter) {
    case "Pixels": {
      const [row, column] = asked[1];
      return [product(page.input), at("input", [row, column, 0]), 4 * product(page.input)];
    }
    case "Convolution": {
      const [row, column] = asked[0];
      const terms = page.kernel.flatMap((line, y) =>
        line.map((weight, x) => weight * page.image[row - 1 + y][column - 1 + x]),
      );
      const { name, kernel } = layers["conv2d"];
      return [
        terms.reduce((a, b) => a + b, 0),
        product(kernel.slice(0, 3)),
        at(name, asked[2].slice(0, 3)),
      ];
    }
    case "ReLU": {
      const { values } = page.values[layers["relu"].name];
      return [0, Math.max(0, asked[1][0]), values.filter((value) => value === 0).length];
    }
    case "Pooling": {
      const { from, shape } = layers["max_pool"];
      const [row, column, map] = asked[1].slice(-3);
      const window = [0, 1].flatMap((y) => [0, 1].map((x) => [2 * row + y, 2 * column + x, map]));
      return [3, Math.max(...window.map((place) => at(from, place))), product(shape)];
    }
    case "Flattening": {
      const shape = page.values[layers["flatten"].from].shape;
      const [row, column, map] = asked[1];
      const place = (row * shape[1] + column) * shape[2] + map;
      return [product(shape), place, Math.floor(asked[2][0] / (shape[1] * shape[2]))];
    }
    case "Full connection": {
      const [, value, weight] = asked[1];
      const unit = Math.max(...outputs);
      return [product(layers["dense"].kernel), value * weight, unit - value * weight];
    }
    case "Softmax and cross-entropy": {
      const [best, second] = page.ranking.map((place) => outputs[place]);
      return [Math.exp(3), 1, Math.exp(second - best)];
    }
  }
  throw new Error(`what does ${chapter} ask?`);
}

test("right answers are taken, also with commas; wrong ones get a hint", async () => {
  const { page, close } = await open(join(inject("pages"), "learn-sgd.html"), {
    hash: "view=lecture",
  });
  const facts = await page.evaluate(known);
  const chapters = page.getByRole("navigation", { name: "Chapters" }).getByRole("button");
  const titles = await chapters.allTextContents();
  expect(titles.length).toBe(7);
  for (const [number, title] of titles.entries()) {
    await chapters.nth(number).click();
    const questions = page.locator("article ol form");
    const prompts = (await questions.locator("label").allTextContents()).map((each) => each.trim());
    expect(prompts.length, title).toBe(3);
    const right = answers(title, prompts, facts);
    for (const [k, answer] of right.entries()) {
      const question = questions.nth(k);
      const input = question.getByRole("textbox");
      const check = question.getByRole("button", { name: "Check" });
      const said = `${title}: ${prompts[k]} ${answer}`;
      await input.fill(String(1.1 * answer + (answer === 0 ? 0.5 : 0)));
      await check.click();
      expect(await question.textContent(), said).toContain("✗");
      expect((await question.locator("[data-test=hint]").textContent())!.length).toBeGreaterThan(9);
      await input.fill(String(answer).replace(".", ","));
      await check.click();
      expect(await question.textContent(), said).toContain("✓");
    }
  }
  await close();
});
