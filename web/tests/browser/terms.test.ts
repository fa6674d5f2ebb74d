/** Opened values, gradients and weights are made of what Python's records say. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LossData } from "../../src/engine/data";
import type { Gradients } from "../../src/engine/gradients";
import {
  type GradientTerm,
  gradientTerms,
  Passed,
  weightTerms,
} from "../../src/engine/gradient_terms";
import { lost } from "../../src/engine/losses";
import { Values } from "../../src/engine/network";
import { gateValues } from "../../src/engine/recurrent";
import { weightAt, type Term, termsOf } from "../../src/engine/terms";
import { type Parts, partsOf } from "./page-parts";

const NETWORKS = [
  "every operation",
  "further operations",
  "resampling operations",
  "sequence operations",
  "lecture",
  "resnet20",
];

interface Opened {
  layer: string;
  at: number[];
  rule: string;
  terms: Term[];
  bias: number;
  own: number;
  total: number;
  value: number;
  details: Record<string, number>;
}

interface Differentiated {
  name: string;
  at: number[];
  gradient: number;
  terms: GradientTerm[];
}

interface Expected {
  loss: number;
  at_logits: number[];
  arrays: Record<string, string>;
  deltas: Record<string, string>;
  weights: Record<string, string>;
  opened: Opened[];
  gradients: Differentiated[];
  weight_gradients: Differentiated[];
}

const read = new Map<string, Float32Array>();

/** The floats of a text of base64; each text is read once. */
function floats(text: string): Float32Array {
  let found = read.get(text);
  if (!found) {
    found = new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
    read.set(text, found);
  }
  return found;
}

/** The largest difference, as a share of the largest number. */
function apart(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let [difference, largest] = [0, 1e-30];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i] - expected[i]));
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return difference / largest;
}

/** Compares numbers; of sums that cancel the size of what was added up decides. */
function close(found: number, expected: number, size: number, share = 1e-6): void {
  if (Math.abs(found - expected) <= share * size) return;
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(share * Math.max(size, 1e-30));
}

let folder: string;
const cases = new Map<
  string,
  { parts: Parts; expected: Expected; passed: Passed; values: Values }
>();

beforeAll(async () => {
  const root = new URL("../../../", import.meta.url);
  folder = mkdtempSync(join(tmpdir(), "pellucid-terms-"));
  const python = new URL(".venv/bin/python", root).pathname;
  execFileSync(python, ["-m", "tests.page.expected", folder], { cwd: root, stdio: "inherit" });
  for (const name of NETWORKS) {
    const parts = await partsOf(join(folder, `${name}.html`));
    const text = readFileSync(join(folder, `${name}.json`), "utf8");
    const expected = JSON.parse(text) as Expected;
    const { network, data, samples } = parts;
    const array = (layer: string): Float32Array => floats(expected.arrays[layer]);
    const read = (layer: string): Float32Array => {
      const gate = network.gates.get(layer);
      return gate ? gateValues(network, values, gate) : array(layer);
    };
    const values: Values = new Values(samples, network.shapes, read, data.graph, data.model);
    const gradients: Gradients = {
      at: (layer) => floats(expected.deltas[layer]),
      weight: (weight) => floats(expected.weights[weight]),
      hidden: array,
    };
    cases.set(name, { parts, expected, values, passed: new Passed(network, values, gradients) });
  }
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(NETWORKS)("%s", (name) => {
  /** Of a slope; through steps whose states the page has in single precision it is larger. */
  const share = name === "sequence operations" ? 1e-5 : 1e-6;

  test("values are made of the same terms", () => {
    const { parts, expected, values } = cases.get(name)!;
    expect(expected.opened.length).toBe(250);
    for (const wanted of expected.opened) {
      const found = termsOf(parts.network, values, wanted.layer, wanted.at);
      const what = `${wanted.layer} ${wanted.at}`;
      if (parts.network.node(wanted.layer).gates) {
        unit(parts, values, wanted);
        continue;
      }
      const places = (terms: Term[]): string =>
        JSON.stringify(terms.map(({ layer, at }) => [layer, at]));
      expect(places(found.terms), what).toBe(places(wanted.terms));
      let size = Math.abs(wanted.bias) + Math.abs(wanted.total);
      wanted.terms.forEach((term, i) => {
        const own = found.terms[i];
        if (own.value !== Math.fround(term.value)) expect(own.value).toBe(term.value);
        if (term.factor !== null) close(own.factor!, term.factor, Math.abs(term.factor));
        if (own.weight && term.weight && !isFolded(parts, wanted.layer)) {
          if (String(own.weight.at) !== String(term.weight.at)) expect.unreachable(what);
          if (own.weight.name !== term.weight.name) expect.unreachable(what);
        }
        close(own.product, term.product, Math.abs(term.product));
        size += Math.abs(term.product);
      });
      close(found.bias?.value ?? 0, wanted.bias, Math.abs(wanted.bias));
      close(found.total, wanted.total, size);
      close(found.value, wanted.value, Math.abs(wanted.value));
      if (["maximum", "share"].includes(wanted.rule)) expect(found.own, what).toBe(wanted.own);
    }
  });

  test("gradients are made of the same terms", () => {
    const { expected, passed } = cases.get(name)!;
    expect(expected.gradients.length).toBe(100);
    for (const wanted of expected.gradients) {
      same(gradientTerms(passed, wanted.name, wanted.at), wanted, share);
    }
  });

  test("gradients of weights are made of the same terms", () => {
    const { expected, passed } = cases.get(name)!;
    expect(expected.weight_gradients.length).toBe(100);
    for (const wanted of expected.weight_gradients) {
      same(weightTerms(passed, wanted.name, wanted.at), wanted, share);
    }
  });

  test("the page's own code computes the same values and gradients", async () => {
    const { parts, expected } = cases.get(name)!;
    const { network, samples, data } = parts;
    const values = network.run(samples).keep();
    for (const layer of network.shapes.keys()) {
      if (!network.gates.has(layer))
        expect(apart(values.of(layer), floats(expected.arrays[layer])), layer).toBeLessThan(1e-4);
    }
    const outputs = values.of(data.graph.output);
    const targets = Float64Array.from(outputs, (_, k) => (k === 1 ? 1 : 0));
    const { loss, gradient } = lost(data.learner.loss, outputs, targets);
    expect(apart([loss], [expected.loss])).toBeLessThan(1e-4);
    expect(apart(gradient, expected.at_logits)).toBeLessThan(1e-4);
    const found = await network.differentiate(samples, gradient);
    for (const [layer, text] of Object.entries(expected.deltas)) {
      expect(apart(found.at(layer), floats(text)), layer).toBeLessThan(2e-3);
    }
    for (const [weight, text] of Object.entries(expected.weights)) {
      expect(apart(found.weight(weight), floats(text)), weight).toBeLessThan(2e-3);
    }
    for (const { name: layer } of data.graph.apart) {
      if (network.shapes.has(layer)) continue;
      expect(apart(found.hidden(layer), floats(expected.arrays[layer]))).toBeLessThan(1e-4);
    }
  });
});

/** A state is made of its gates, and each of these of its products, as Python says. */
function unit({ network }: Parts, values: Values, { layer, at, total, details }: Opened): void {
  const found = termsOf(network, values, layer, at);
  const node = network.node(layer);
  close(found.total, total, Math.abs(total), 1e-5);
  expect(found.gates!.length).toBe(node.gates!.length);
  for (const gate of found.gates!) {
    const wanted = details[gate.layer.split(":")[1]];
    close(gate.value, wanted, 1, 1e-5);
    const opened = termsOf(network, values, gate.layer, at);
    close(opened.total, wanted, 1);
    const sum = opened.terms.reduce((sum, { product }) => sum + product, opened.bias!.value);
    close(opened.bent!.sum, sum, 1);
    expect(opened.terms.every(({ weight }) => weight !== null)).toBe(true);
  }
  if (!node.cell) {
    const [, before] = found.terms;
    if (before) close(before.value, details["before"], 1);
    return;
  }
  const [{ layer: cell }] = found.terms;
  const opened = termsOf(network, values, cell, at);
  close(opened.total, details["cell"], 1);
  close(values.at(cell, at), details["cell"], 1);
  close(opened.terms[1]?.value ?? 0, details["cell_before"], 1);
}

function isFolded({ data }: Parts, layer: string): boolean {
  return data.graph.folds.some(({ into }) => into === layer);
}

function same(found: GradientTerm[], wanted: Differentiated, share: number): void {
  const what = `${wanted.name} ${wanted.at}`;
  const places = (terms: GradientTerm[]): string =>
    JSON.stringify(terms.map(({ layer, at, reads }) => [layer, at, reads]));
  expect(places(found), what).toBe(places(wanted.terms));
  wanted.terms.forEach((term, i) => {
    if (found[i].delta !== Math.fround(term.delta)) expect(found[i].delta, what).toBe(term.delta);
    close(found[i].factor, term.factor, Math.max(Math.abs(term.factor), 1e-3), share);
  });
}

test("losses and their gradients are those of Python", () => {
  const cases = JSON.parse(readFileSync(join(folder, "losses.json"), "utf8")) as {
    about: LossData;
    outputs: number[];
    targets: number[];
    loss: number;
    gradient: number[];
  }[];
  expect(new Set(cases.map(({ about }) => about.kind)).size).toBe(5);
  for (const { about, outputs, targets, loss, gradient } of cases) {
    const found = lost(about, outputs, targets);
    const what = `${about.kind} ${outputs}`;
    expect(Math.abs(found.loss / loss - 1), what).toBeLessThan(1e-9);
    gradient.forEach((wanted, k) => {
      const apart = Math.abs(found.gradient[k] - wanted);
      expect(apart, what).toBeLessThanOrEqual(1e-9 * Math.abs(wanted));
    });
  }
});

test("weights of folded layers are those that prediction uses", () => {
  const { parts } = cases.get("every operation")!;
  const { network, data } = parts;
  for (const { into, kernel } of data.graph.folds) {
    const at = network.weightShape(kernel).map(() => 0);
    expect(weightAt(network, `${into}.kernel`, at)).not.toBe(weightAt(network, kernel, at));
  }
});
