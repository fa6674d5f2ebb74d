/** The boxes of a detector's page: which are shown, and which one is looked at. */

import { type FoundBox, findBoxes, SIDES } from "../engine/boxes";
import type { PageState } from "./page.svelte";

export class Boxes {
  /** The least probability of boxes that are shown. */
  least = $state(0);
  /** The box that is looked at, by its number among all. */
  number = $state(0);

  constructor(private readonly page: PageState) {
    this.least = this.first;
  }

  /** The least probability that the page opens with, which validation pictures chose. */
  get first(): number {
    return this.page.data.model.boxes?.shown ?? 0;
  }

  /** All boxes that are found, the most probable first; none of other networks. */
  readonly all: FoundBox[] = $derived.by(() => {
    const settings = this.page.data.model.boxes;
    return settings ? findBoxes(settings, this.page.outputs, this.shape) : [];
  });
  readonly shown: FoundBox[] = $derived(
    this.all.filter(({ probability }) => probability >= this.least),
  );
  /** The box that is looked at; none where none is shown. */
  readonly chosen: FoundBox | null = $derived(this.shown[this.number] ?? this.shown[0] ?? null);

  private get shape(): readonly number[] {
    return this.page.shape(this.page.data.graph.output);
  }

  /** Look at a box, and open the logit that it was found by. */
  choose(number: number): void {
    this.number = number;
    const box = this.shown[number];
    if (box) this.page.open(this.page.data.graph.output, [...box.cell, box.class]);
  }

  /** Ask why the box that is looked at is there. */
  explain(): void {
    this.page.why.target = null;
    this.page.view = "why";
  }

  /** The smallest box that is shown around a point, by its number; none where there is none. */
  around(y: number, x: number): number | null {
    let found: number | null = null;
    let smallest = Infinity;
    this.shown.forEach(({ box: [x0, y0, x1, y1] }, n) => {
      const size = (x1 - x0) * (y1 - y0);
      if (x >= x0 && x < x1 && y >= y0 && y < y1 && size < smallest) [found, smallest] = [n, size];
    });
    return found;
  }

  /** The place in all outputs of a channel of the chosen box's cell; none without a box. */
  outputAt(channel: number): number | null {
    if (!this.chosen) return null;
    const [, width, depth] = this.shape;
    const [row, column] = this.chosen.cell;
    return (row * width + column) * depth + channel;
  }

  /** What the channels of a cell are: classes, and four distances. */
  get channels(): number {
    return this.page.data.model.names.length + SIDES.length;
  }
}
