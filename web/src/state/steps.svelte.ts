/** The steps of a recognizer's page: what was written, and the step that is looked at. */

import { offset } from "../engine/arrays";
import { BLANK, pathOf, sharesOf, stepsOf, textOf, type Written, writtenIn } from "../engine/steps";
import type { PageState } from "./page.svelte";

export class Steps {
  /** The step that was chosen; none: that of the most probable word. */
  chosen = $state<number | null>(null);

  constructor(private readonly page: PageState) {}

  /** What was written, in its order; nothing of other networks. */
  readonly written: Written[] = $derived.by(() =>
    this.page.data.model.steps ? writtenIn(this.page.outputs, this.shape) : [],
  );
  readonly text: string = $derived.by(() => {
    const { steps } = this.page.data.model;
    return steps ? textOf(this.written, this.page.fullNames, steps) : "";
  });
  readonly path: number[] = $derived.by(() => pathOf(this.page.outputs, this.shape));
  readonly shares: Float64Array = $derived.by(() => sharesOf(this.page.outputs, this.classes));
  /** The step that is looked at. */
  readonly step: number = $derived.by(() => {
    if (this.chosen !== null && this.chosen < this.count) return this.chosen;
    const [best] = [...this.written].sort((a, b) => b.probability - a.probability);
    return best?.step ?? 0;
  });

  private get shape(): readonly number[] {
    return this.page.shape(this.page.data.graph.output);
  }

  get count(): number {
    return stepsOf(this.shape)[0];
  }

  /** Classes of a step: the blank, then the vocabulary. */
  get classes(): number {
    return stepsOf(this.shape)[1];
  }

  /** What a class is called. */
  nameOf(place: number): string {
    return place === BLANK ? this.page.text.speech.blank : this.page.names[place - 1];
  }

  /** When a step begins, in seconds, as it is shown. */
  second(step: number): string {
    return (step * this.page.data.model.steps!.seconds).toFixed(2);
  }

  /** The position of a step's class in the outputs. */
  at(step: number, place: number): number[] {
    return [...this.shape.slice(2).map(() => 0), step, place];
  }

  /** The place in all outputs of a class of the step that is looked at. */
  outputAt(place: number): number {
    return offset(this.shape, this.at(this.step, place));
  }

  /** Look at a step, and open one of its logits. */
  open(step: number, place: number): void {
    this.chosen = step;
    this.page.open(this.page.data.graph.output, this.at(step, place));
  }

  /** Ask why a word was written. */
  explain(step: number): void {
    this.chosen = step;
    this.page.why.target = null;
    this.page.view = "why";
  }
}
