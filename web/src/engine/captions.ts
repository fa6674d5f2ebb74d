/**
 * Captions word by word, as `pellucid/tasks/caption_search.py` writes them greedily.
 *
 * The page's network is that of the next word behind some words, see `pellucid/page/captions.py`.
 * What words change of it is computed here: the recurrent layer's state, where its query looks, and
 * what it adds to the hidden layer.
 */

import type { CaptionsData } from "./data";
import { CANDIDATE, ENTERS, FORGET, OUT, RESET, UPDATE } from "./recurrent";

type Weights = ReadonlyMap<string, Float32Array>;

export interface CaptionWord {
  /** Its place among the outputs. */
  place: number;
  probability: number;
  /** What to put into the network, so that it is that of this word. */
  weights: Map<string, Float32Array>;
  /** Where it looked, (h, w), adding up to 1. */
  looked: Float64Array;
  /** What the recurrent layer made of the word before it. */
  read: ReadWord;
}

/** A step of the recurrent layer: numbers of all its units. */
export interface ReadWord {
  /** Of each gate what the word gives to it, and what the state before does, each with its bias. */
  ofWord: Float64Array[];
  ofState: Float64Array[];
  gates: Float64Array[];
  before: Float64Array;
  state: Float64Array;
  /** The cells, and those before; none of a layer without. */
  cell: Float64Array | null;
  cellBefore: Float64Array | null;
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
    const read = state.read(table.subarray(last * state.inputs, (last + 1) * state.inputs));
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
      read,
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
  read(x: Float32Array): ReadWord {
    const { kernel, rows, bias, rowsBias } = this.parts;
    const ofWord = this.byGate(product(x, kernel, bias));
    const ofState = this.byGate(product(this.h, rows, rowsBias));
    const resets = this.cell === "gru";
    const gates: Float64Array[] = [];
    for (const [gate, own] of ofWord.entries()) {
      const before = ofState[gate];
      gates.push(
        own.map((value, k) =>
          gate === CANDIDATE
            ? Math.tanh(value + (resets ? gates[RESET][k] : 1) * before[k])
            : sigmoid(value + before[k]),
        ),
      );
    }
    const [before, cellBefore] = [this.h, this.c];
    const fresh = gates[CANDIDATE];
    if (resets) {
      const keep = gates[UPDATE];
      this.h = before.map((h, k) => (1 - keep[k]) * fresh[k] + keep[k] * h);
    } else {
      const [enters, forget, out] = [gates[ENTERS], gates[FORGET], gates[OUT]];
      this.c = cellBefore.map((c, k) => forget[k] * c + enters[k] * fresh[k]);
      this.h = this.c.map((c, k) => out[k] * Math.tanh(c));
    }
    const cells = resets ? { cell: null, cellBefore: null } : { cell: this.c, cellBefore };
    return { ofWord, ofState, gates, before, state: this.h, ...cells };
  }

  private byGate(all: Float64Array): Float64Array[] {
    const count = all.length / this.units;
    return Array.from({ length: count }, (_, gate) =>
      all.subarray(gate * this.units, (gate + 1) * this.units),
    );
  }
}
