/** The weights after each epoch, as many as memory allows. */

import type { Weights } from "../engine/program";

/** Bytes that are kept at most. */
const MOST = 256e6;

export class Kept {
  private readonly found = new Map<number, Weights>();

  constructor(private readonly most = MOST) {}

  /** The epochs whose weights are there, in their order. */
  get epochs(): number[] {
    return [...this.found.keys()].sort((a, b) => a - b);
  }

  get(epoch: number): Weights | undefined {
    return this.found.get(epoch);
  }

  clear(): void {
    this.found.clear();
  }

  /** Keep an epoch's weights; where they are too many, every second of the older ones goes. */
  add(epoch: number, weights: Weights): void {
    this.found.set(epoch, weights);
    const each = [...weights.values()].reduce((bytes, array) => bytes + array.byteLength, 0);
    while (this.found.size > 2 && this.found.size * each > this.most) {
      this.epochs.slice(0, -1).forEach((old, place) => {
        if (place % 2) this.found.delete(old);
      });
    }
  }
}
