/** The noise that a generator's picture is made of: drawn, moved along directions, and between two. */

import { greatCircle } from "./great_circle";
import type { Origin, PageState } from "./page.svelte";

type Numbers = Float32Array<ArrayBuffer>;

export class Noise {
  private readonly own: Origin = { kind: "noise" };
  /** The noise without its directions. */
  private base: Numbers = new Float32Array();
  /** Where the way leads; none while there is none. */
  goal = $state.raw<Numbers | null>(null);
  /** How far on the way, 0 to 1. */
  share = $state(0);
  /** How far along each direction. */
  amounts = $state.raw<readonly number[]>([]);

  constructor(private readonly page: PageState) {
    this.begin();
  }

  /** Go on from another picture of the page, if one was chosen. */
  begin(): void {
    if (this.page.origin !== this.own) this.from(this.page.pixels as Numbers);
  }

  fresh(): void {
    this.from(normal(this.page.imageSize));
    this.take();
  }

  /** Another picture, to which a way leads. */
  way(): void {
    this.base = this.between();
    this.share = 0;
    this.goal = normal(this.page.imageSize);
    this.take();
  }

  goOn(share: number): void {
    this.share = share;
    this.take();
  }

  move(direction: number, amount: number): void {
    this.amounts = this.amounts.map((own, k) => (k === direction ? amount : own));
    this.take();
  }

  back(): void {
    this.amounts = this.amounts.map(() => 0);
    this.take();
  }

  private from(base: Numbers): void {
    this.base = base;
    this.goal = null;
    this.share = 0;
    this.amounts = this.page.data.model.generated!.directions.map(() => 0);
  }

  private between(): Numbers {
    return this.goal ? greatCircle(this.base, this.goal, this.share) : this.base;
  }

  private take(): void {
    const { directions } = this.page.data.model.generated!;
    const moved = this.between().map((x, i) =>
      directions.reduce((sum, direction, k) => sum + this.amounts[k] * direction[i], x),
    );
    this.page.take(moved, this.own);
  }
}

/** Normal numbers of variance 1 (Box and Muller). */
function normal(count: number): Numbers {
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()),
  );
}
