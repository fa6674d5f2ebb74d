/** Changes of a page's network, one after the other and back again: surgery, and steps of learning. */

import type { Taken } from "../engine/data";
import type { Network } from "../engine/network";
import type { Edit } from "../why/edits";
import type { PageState } from "./page.svelte";

/** One step of gradient descent for one picture, with what was before it. */
export interface Stepped {
  what: { kind: "step"; rate: number };
  weights: Map<string, Float32Array>;
  before: Map<string, Float32Array>;
  pixels: Taken;
  truth: number | null;
  /** What is right of labels and numbers. */
  wanted: number[] | null;
  outputs: Float32Array;
  loss: number;
}

/** A pooling swapped, with the network before. */
export interface Swapped {
  what: { kind: "swap"; layer: string };
  network: Network;
}

/** A change of weights, or of a pooling. */
export type Change = Edit | Stepped | Swapped;

/** The network and its weights before the first change. */
interface Start {
  network: Network;
  weights: ReadonlyMap<string, Float32Array>;
}

export class Surgery {
  changes = $state.raw<Change[]>([]);
  /** The changes that an address tells of, as long as they are being done again. */
  pending = $state.raw<readonly string[] | null>(null);
  private turn = 0;
  private start = $state.raw<Start | null>(null);

  /** The outputs of the network before the first change for the picture; none without changes. */
  readonly before: Float32Array | null = $derived.by(() => {
    const { page, start } = this;
    if (!start || !this.changes.length) return null;
    const { network, weights } = start;
    const now = new Map(network.storedWeights);
    network.setWeights(new Map([...weights, ...(page.captions?.chosen.weights ?? [])]));
    const outputs = network.run(page.pixels).of(page.data.graph.output).slice();
    network.setWeights(now);
    return outputs;
  });

  constructor(private readonly page: PageState) {}

  /** Change weights. */
  edit(change: Edit | Stepped): void {
    this.begin();
    this.page.applyWeights(change.weights);
    this.changes = [...this.changes, change];
  }

  /** Exchange maximum and average in a pooling that was compiled along. */
  async swap(layer: string): Promise<void> {
    const variant = this.page.data.variants.find((each) => each.layer === layer);
    if (!variant) return;
    const before = this.page.network;
    const network = await before.variant(variant);
    this.begin();
    this.page.network = network;
    this.changes = [...this.changes, { what: { kind: "swap", layer }, network: before }];
  }

  /** Take the last change back. */
  undo(): void {
    const last = this.changes.at(-1);
    if (!last) return;
    if ("network" in last) {
      // what was changed in the weights since is taken back already
      this.page.network = last.network;
    } else {
      this.page.applyWeights(last.before);
    }
    this.changes = this.changes.slice(0, -1);
    if (!this.changes.length) this.start = null;
  }

  /** Changes of an address are begun; the address stays as it is until they are done. */
  begins(texts: readonly string[]): number {
    this.pending = texts;
    return ++this.turn;
  }

  /** Whether nothing else has come in between. */
  goesOn(turn: number): boolean {
    return turn === this.turn;
  }

  ends(turn: number): void {
    if (turn === this.turn) this.pending = null;
  }

  undoAll(): void {
    this.turn++;
    this.pending = null;
    while (this.changes.length) this.undo();
  }

  private begin(): void {
    const { network } = this.page;
    this.start ??= { network, weights: new Map(network.storedWeights) };
  }
}
