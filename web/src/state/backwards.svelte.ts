/** Backpropagation for a picture: what is right, the loss, its gradients, and one step of learning. */

import type { Position } from "../engine/data";
import { RIGHT } from "../engine/centre_loss";
import { Passed } from "../engine/gradient_terms";
import { type Lost, lost, smoothed } from "../engine/losses";
import { stepped } from "../engine/step";
import type { Gradients } from "../engine/gradients";
import type { PageState } from "./page.svelte";
import type { Stepped } from "./surgery.svelte";

/** A gradient that is opened: at a value of a layer, or at a weight by its full name. */
export interface Back {
  kind: "value" | "weight";
  name: string;
  at: Position;
}

export class Backwards {
  /** What is right: of labels 0 or 1 each, numbers in their units; of boxes five numbers each. */
  wanted = $state.raw<number[] | null>(null);
  /** The same as the network itself has answered, to begin with where nobody knows it. */
  assumed = $state.raw<number[] | null>(null);
  /** The gradient that is opened, behind those that led there. */
  path = $state.raw<Back[]>([]);
  rate = $state(0);
  private turn = 0;

  /** The labels or numbers that are right, as chosen or as known of a sample. */
  readonly right: number[] | null = $derived.by(() => {
    const { origin } = this.page;
    if (this.wanted || origin.kind !== "sample") return this.wanted;
    const { boxes } = this.page.data.samples;
    return this.page.wantedOf(origin.index) ?? boxes?.[origin.index]?.flat() ?? null;
  });
  /** The same of boxes, one by one. */
  readonly rightBoxes: number[][] = $derived.by(() => {
    const flat = this.right ?? this.assumed ?? [];
    return Array.from({ length: flat.length / RIGHT }, (_, b) =>
      flat.slice(b * RIGHT, (b + 1) * RIGHT),
    );
  });

  /** What the loss compares the outputs with; none as long as nobody says what is right. */
  readonly targets: Float64Array | null = $derived.by(() => {
    const { boxes, task, reading } = this.page.data.model;
    const { outputs, truth } = this.page;
    if (task === "single-label") {
      return truth === null ? null : Float64Array.from(outputs, (_, k) => (k === truth ? 1 : 0));
    }
    const right = this.right ?? this.assumed;
    if (!right) return null;
    if (task === "multi-label" || boxes) return Float64Array.from(right);
    return Float64Array.from(right, (x, k) => (x - reading!.shift[k]) / reading!.scale[k]);
  });
  readonly lost: Lost | null = $derived.by(() => {
    const { data, outputs } = this.page;
    const shape = this.page.shape(data.graph.output);
    return this.targets && lost(data.learner.loss, outputs, this.targets, shape);
  });
  /** The targets as the loss sees them. */
  readonly smoothed: Float64Array | null = $derived.by(() => {
    const { loss } = this.page.data.learner;
    return this.targets && smoothed(loss, this.targets);
  });
  readonly passed: Passed | null = $derived.by(() => {
    const { network, values, gradients } = this.page;
    return gradients && new Passed(network, values, gradients);
  });
  readonly selected: Back | null = $derived(this.path.at(-1) ?? null);

  constructor(private readonly page: PageState) {
    this.rate = page.data.learner.learning_rate;
  }

  /** What is right; where nobody knows, as the network answers now, and goes on to be. */
  begin(): number[] {
    if (this.right) return this.right;
    const { boxes, task, threshold, generated } = this.page.data.model;
    if (boxes)
      this.assumed ??= this.page.boxes.shown.flatMap((found) => [...found.box, found.class]);
    const answer = Array.from(this.page.answer);
    // what a generator learns by: that its picture is real
    if (generated) this.assumed ??= answer.map(() => 1);
    this.assumed ??=
      task === "multi-label" ? answer.map((y) => (y >= (threshold ?? 0.5) ? 1 : 0)) : answer;
    return this.assumed;
  }

  /** For another picture, nothing that was chosen is right. */
  forget(): void {
    this.wanted = this.assumed = null;
  }

  /** Compute the gradients of the loss; without one there are none. */
  async compute(): Promise<void> {
    const { page, lost: found } = this;
    const own = ++this.turn;
    const gradients = found ? await page.network.differentiate(page.pixels, found.gradient) : null;
    if (own === this.turn) page.gradients = gradients;
  }

  open(back: Back, further = false): void {
    this.page.opening.begin(further);
    this.path = further ? [...this.path, back] : [back];
  }

  /** Let every weight go one step against its gradient. */
  step(): void {
    if (!this.right) this.wanted = this.assumed; // which the address keeps, too
    if (this.page.gradients) this.take(this.page.gradients, this.rate);
  }

  /** The same, of gradients that are computed first. */
  async stepAfresh(rate: number): Promise<void> {
    const { page, lost: found } = this;
    if (found) this.take(await page.network.differentiate(page.pixels, found.gradient), rate);
  }

  private take(gradients: Gradients, rate: number): void {
    const { page, lost: found, wanted } = this;
    const { pixels, truth } = page;
    const outputs = page.outputs.slice();
    if (!found) return;
    const weights = stepped(page.network, gradients, rate);
    const stored = page.network.storedWeights;
    const before = new Map([...weights.keys()].map((name) => [name, stored.get(name)!]));
    const what = { kind: "step" as const, rate };
    page.surgery.edit({ what, weights, before, pixels, truth, wanted, outputs, loss: found.loss });
  }

  /** The last change of the network, if that was a step. */
  get last(): Stepped | null {
    const change = this.page.surgery.changes.at(-1);
    return change?.what.kind === "step" ? (change as Stepped) : null;
  }
}
