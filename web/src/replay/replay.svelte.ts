/** A training that the page shows again: which epoch's weights it has. */

import type { ReplayData } from "../engine/data";
import type { Weights } from "../engine/program";
import type { PageState } from "../state/page.svelte";

/** Milliseconds for which each epoch stays where they are played. */
const PACE = 600;

/** The model that the run ended with, or the network after an epoch. */
export type Shown = "model" | number;

export class Replay {
  shown = $state<Shown>("model");
  /** Whether one epoch comes after the other by itself. */
  playing = $state(false);
  /** Those whose weights are there; 0: before the first step. */
  readonly epochs: readonly number[];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly page: PageState,
    readonly data: ReplayData,
    private readonly weights: ReadonlyMap<number, Weights>,
  ) {
    this.epochs = [...weights.keys()];
  }

  /** The epoch that is shown; null: not known, of the model. */
  get epoch(): number | null {
    return this.shown === "model" ? this.data.best : this.shown;
  }

  /** The row of the epoch that is shown; none before the first. */
  get row(): ReplayData["rows"][number] | null {
    return this.data.rows.find(({ epoch }) => epoch === this.epoch) ?? null;
  }

  /** Where the epoch that is shown is among those that are there: the last that is not behind it. */
  get place(): number {
    const { epoch } = this;
    if (epoch === null) return this.epochs.length - 1;
    return Math.max(
      0,
      this.epochs.findLastIndex((each) => each <= epoch),
    );
  }

  /** Show an epoch's weights everywhere in the page, or the model's; what was changed is taken back. */
  show(shown: Shown): void {
    const weights = shown === "model" ? this.page.delivered : this.weights.get(shown);
    if (!weights) return;
    this.shown = shown;
    this.page.setWeights(weights);
  }

  /** An array of weights of the epoch that is shown. */
  of(name: string): Float32Array | null {
    const { shown } = this;
    const weights = shown === "model" ? this.page.delivered : this.weights.get(shown);
    return weights?.get(name) ?? null;
  }

  /** Show one epoch after the other, from the beginning where the last is shown. */
  play(): void {
    const { epochs } = this;
    const last = epochs.length - 1;
    this.playing = true;
    this.show(epochs[this.place >= last ? 0 : this.place]);
    const next = (): void => {
      this.timer = setTimeout(() => {
        if (this.page.surgery.changes.length) return this.pause(); // somebody looks at this one
        this.show(epochs[Math.min(this.place + 1, last)]);
        if (this.place >= last) this.playing = false;
        else next();
      }, PACE);
    };
    next();
  }

  pause(): void {
    clearTimeout(this.timer);
    this.playing = false;
  }
}
