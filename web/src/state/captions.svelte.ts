/** The words of a captioner's page, and which of them the network is shown for. */

import { type CaptionWord, write } from "../engine/captions";
import type { CaptionsData } from "../engine/data";
import type { PageState } from "./page.svelte";

/** How far a probability may be from Python's. */
const NEAR = 1e-3;

export class Captions {
  /** The greedy caption's words, and its end. */
  words = $state.raw<CaptionWord[]>([]);
  /** The word that the network is shown for, by its number. */
  number = $state(0);

  constructor(
    private readonly page: PageState,
    readonly data: CaptionsData,
  ) {}

  /** Whether the picture shows where the chosen word looked. */
  shown = $state(true);

  readonly chosen: CaptionWord = $derived(this.words[this.number]);

  /** The caption as a sentence. */
  readonly sentence: string = $derived.by(() =>
    this.words
      .filter(({ place }) => place !== this.data.end)
      .map(({ place }) => this.page.names[place])
      .join(" "),
  );

  /** The layers of which each word sets weights, so that a change of them would be lost. */
  get setByWords(): string[] {
    return [this.data.layers.looks, this.data.layers.hidden];
  }

  /** Whether Python writes the same of the sample; none of other pictures, or a changed network. */
  readonly same: boolean | null = $derived.by(() => {
    const { origin, surgery, learned } = this.page;
    if (origin.kind !== "sample" || surgery.changes.length || learned) return null;
    const { words, probabilities } = this.data.expected[origin.index];
    return (
      words.length === this.words.length &&
      this.words.every(
        ({ place, probability }, n) =>
          place === words[n] && Math.abs(probability - probabilities[n]) < NEAR,
      )
    );
  });

  /** Write the caption of the picture again; the network becomes that of the word that is chosen. */
  write(): void {
    const { network, pixels } = this.page;
    const places = network.run(pixels).of(this.data.layers.places);
    this.words = write(this.data, network.storedWeights, places);
    this.number = Math.min(this.number, this.words.length - 1);
    network.setWeights(this.chosen.weights);
    this.page.version++;
  }

  /** Show the network for a word. */
  choose(number: number): void {
    this.number = number;
    this.page.applyWeights(new Map());
  }

  /** Open the logit of the word that is chosen. */
  open(): void {
    this.page.open(this.page.data.graph.output, [this.chosen.place]);
  }
}
