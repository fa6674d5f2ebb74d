/**
 * Captions word by word, as `pellucid/tasks/caption_search.py` writes them greedily.
 *
 * The page's network is that of the next word behind some words, see `pellucid/page/captions.py`.
 * What words change of it is computed here: the recurrent layer's state, where its query looks, and
 * what it adds to the hidden layer.
 */

import type { CaptionsData } from "./data";

type Weights = ReadonlyMap<string, Float32Array>;

export interface CaptionWord {
  /** Its place among the outputs. */
  place: number;
  probability: number;
  /** What to put into the network, so that it is that of this word. */
  weights: Map<string, Float32Array>;
  /** Where it looked, (h, w), adding up to 1. */
  looked: Float64Array;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** x · K + b, of a kernel (x's length, outputs). */
function product(x: ArrayLike<number>, kernel: Float32Array, bias?: Float32Array): Float64Array {
  const width = kernel.length / x.length;
  const found = new Float64Array(width);
  if (bias) found.set(bias);
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value === 0) continue;
    for (let k = 0; k < width; k++) found[k] += value * kernel[i * width + k];
  }
  return found;
}

function softmax(z: Float64Array): Float64Array {
  const top = z.reduce((most, x) => Math.max(most, x), -Infinity);
  const powers = z.map((x) => Math.exp(x - top));
  const total = powers.reduce((sum, p) => sum + p, 0);
  return powers.map((p) => p / total);
}

/** The greedy caption of what the places are, and its end. */
export function write(
  data: CaptionsData,
  weights: Weights,
  places: ArrayLike<number>,
): CaptionWord[] {
  const of = (name: string): Float32Array => {
    const found = weights.get(name);
    if (!found) throw new Error(`the page has no weights ${name}`);
    return found;
  };
  const { layers, weights: own } = data;
  const state = new State(data.cell, of, own.reads);
  const table = of(own.table);
  const query = of(`${own.query}.kernel`);
  const channels = query.length / state.units;
  const count = places.length / channels;
  const words: CaptionWord[] = [];
  let last = data.end;
  for (let step = 0; step < data.length; step++) {
    state.read(table.subarray(last * state.inputs, (last + 1) * state.inputs));
    const asked = product(state.h, query, of(`${own.query}.bias`));
    const shift = Float32Array.from(product(state.h, of(own.state), of(own.bias)));
    const scores = new Float64Array(count);
    for (let l = 0; l < count; l++) {
      for (let c = 0; c < channels; c++) scores[l] += places[l * channels + c] * asked[c];
    }
    const looked = softmax(scores.map((score) => score / Math.sqrt(channels)));
    const taken = new Float64Array(channels);
    for (let l = 0; l < count; l++) {
      for (let c = 0; c < channels; c++) taken[c] += looked[l] * places[l * channels + c];
    }
    const hidden = product(taken, of(`${layers.hidden}.kernel`), shift).map((x) => Math.max(x, 0));
    const answer = of(`${layers.answer}.kernel`);
    const logits = product(hidden, answer, of(`${layers.answer}.bias`));
    const shares = softmax(logits);
    const may = (k: number): boolean =>
      step === data.length - 1
        ? k === data.end
        : k !== data.unknown && (step > 0 || k !== data.end);
    let best = -1;
    logits.forEach((z, k) => {
      if (may(k) && (best < 0 || z > logits[best])) best = k;
    });
    const spread = new Float32Array(places.length);
    for (let i = 0; i < spread.length; i++) spread[i] = looked[Math.floor(i / channels)];
    words.push({
      place: best,
      probability: shares[best],
      weights: new Map([
        [`${layers.looks}.kernel`, spread],
        [`${layers.hidden}.bias`, shift],
      ]),
      looked,
    });
    if (best === data.end) break;
    last = best;
  }
  return words;
}

/** The state of a GRU or an LSTM, see `pellucid/ops/recurrent.py`. */
class State {
  readonly units: number;
  readonly inputs: number;
  h: Float64Array;
  private c: Float64Array;
  private readonly parts: Record<"kernel" | "rows" | "bias" | "rowsBias", Float32Array>;

  constructor(
    private readonly cell: CaptionsData["cell"],
    of: (name: string) => Float32Array,
    name: string,
  ) {
    this.parts = {
      kernel: of(`${name}.kernel`),
      rows: of(`${name}.recurrent_kernel`),
      bias: of(`${name}.bias`),
      rowsBias: of(`${name}.recurrent_bias`),
    };
    this.units = this.parts.bias.length / (cell === "gru" ? 3 : 4);
    this.inputs = this.parts.kernel.length / this.parts.bias.length;
    this.h = new Float64Array(this.units);
    this.c = new Float64Array(this.units);
  }

  /** Take a word in. */
  read(x: Float32Array): void {
    const { kernel, rows, bias, rowsBias } = this.parts;
    const own = product(x, kernel, bias);
    const before = product(this.h, rows, rowsBias);
    const n = this.units;
    if (this.cell === "gru") {
      this.h = this.h.map((h, k) => {
        const reset = sigmoid(own[k] + before[k]);
        const keep = sigmoid(own[n + k] + before[n + k]);
        const fresh = Math.tanh(own[2 * n + k] + reset * before[2 * n + k]);
        return (1 - keep) * fresh + keep * h;
      });
      return;
    }
    const gate = (which: number, k: number): number => own[which * n + k] + before[which * n + k];
    this.c = this.c.map(
      (c, k) => sigmoid(gate(1, k)) * c + sigmoid(gate(0, k)) * Math.tanh(gate(2, k)),
    );
    this.h = this.c.map((c, k) => sigmoid(gate(3, k)) * Math.tanh(c));
  }
}
