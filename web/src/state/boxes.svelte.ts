/** The boxes of a detector's page: which are shown, and which one is looked at. */

import { offset } from "../engine/arrays";
import { type FoundBox, findBoxes, madeOf, SIDES } from "../engine/boxes";
import type { NodeData } from "../engine/data";
import { backgroundOf } from "../engine/regions";
import type { PageState } from "./page.svelte";

export class Boxes {
  /** The least probability of boxes that are shown. */
  least = $state(0);
  /** The box that is looked at, by its number among all. */
  number = $state(0);
  /** Whether all proposals are drawn on the picture. */
  proposals = $state(false);

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
    if (box) this.page.open(this.page.data.graph.output, this.madeOf(box, SIDES.length));
  }

  /** The place in the outputs of what a number of a box comes from, or of its logit. */
  madeOf(box: FoundBox, column: number): number[] {
    const { graph, model } = this.page.data;
    return madeOf(model.boxes!, box, column, this.page.shape(graph.output).at(-1)!);
  }

  /** The layer of proposals, in which boxes of two stages are found; none of others. */
  get proposing(): NodeData | null {
    return this.page.data.graph.nodes.find(({ anchors }) => anchors) ?? null;
  }

  /** The layer that has a map for each region; none of other networks. */
  get aligned(): NodeData | null {
    return this.page.data.graph.nodes.find(({ shape }) => shape.length === 4) ?? null;
  }

  /** The corners of a region; none of a row without one. */
  region(row: number): number[] | null {
    const layer = this.proposing;
    if (!layer) return null;
    const values = this.page.values.of(layer.name).subarray(6 * row, 6 * row + 6);
    return values[5] >= 0 ? [...values.subarray(0, 4)] : null;
  }

  /** Open the middle of a region's map where it is largest. */
  openCells(row: number): void {
    const { name, shape } = this.aligned!;
    const [, height, width, channels] = shape;
    const middle = [row, height >> 1, width >> 1];
    const start = offset(shape, [...middle, 0]);
    const own = this.page.values.of(name).subarray(start, start + channels);
    this.page.open(name, [...middle, own.indexOf(Math.max(...own))]);
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

  /** The place in all outputs of one of `channels` of the chosen box; none without a box. */
  outputAt(channel: number): number | null {
    const { chosen, shape } = this;
    const classes = this.page.data.model.names.length;
    if (!chosen) return null;
    const number = channel - classes;
    if (number === SIDES.length) return offset(shape, backgroundOf(chosen));
    return offset(
      shape,
      number < 0
        ? this.madeOf({ ...chosen, class: channel }, SIDES.length)
        : this.madeOf(chosen, number),
    );
  }

  /** What can be asked of a cell, or of a region: classes, four numbers, of a region background. */
  get channels(): number {
    const { boxes, names } = this.page.data.model;
    return names.length + SIDES.length + (boxes?.size ? 1 : 0);
  }

  /** What one of `channels` is called. */
  channelName(channel: number): string {
    const text = this.page.text.boxes;
    const number = channel - this.page.names.length;
    if (number < 0) return this.page.names[channel];
    if (number === SIDES.length) return text.background;
    const of = this.page.data.model.boxes!.size ? text.numbers : text.sides.map(text.edge);
    return of[number];
  }
}
