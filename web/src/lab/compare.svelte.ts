/** Two networks that are compared: which, on which picture, and what came of it. */

import { get, Refused, send } from "./api";
import { type Part, write } from "./place";
import type { Choices, Compared, Edit, Effect } from "./compare_data";

export class CompareState {
  edits = $state.raw<Edit[]>([]);
  number = $state(0);
  /** Null: that which judges the first. */
  part = $state<Part | null>(null);
  found = $state.raw<Compared | null>(null);
  effect = $state.raw<Effect | null>(null);
  choices = $state.raw<Choices | null>(null);
  busy = $state(false);
  judging = $state(false);
  /** What went wrong, in the server's words. */
  refused = $state("");
  /** The layer that is opened, by its place; none: all are folded. */
  opened = $state<number | null>(null);
  private turn = 0;

  constructor(
    readonly first: string,
    readonly second: string | null,
    part: Part | null,
    number: number | null,
  ) {
    this.part = part;
    this.number = number ?? 0;
  }

  private get pair(): { first: string; second: string | null; edits: Edit[] } {
    return { first: this.first, second: this.second, edits: this.edits };
  }

  /** Compute both networks on the picture. */
  async compare(): Promise<void> {
    const turn = ++this.turn;
    this.busy = true;
    this.refused = "";
    try {
      const found = await send<Compared>("POST", "api/compare", {
        ...this.pair,
        part: this.part,
        number: this.number,
      });
      if (turn === this.turn) this.found = found;
    } catch (error) {
      if (turn === this.turn) this.refused = (error as Error).message;
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }

  async choose(): Promise<void> {
    try {
      this.choices = await get<Choices>(`api/runs/${this.second ?? this.first}/edits`);
    } catch (error) {
      this.refused = (error as Error).message;
    }
  }

  /** Show another picture, which the address names from then on. */
  show(number: number, part: Part | null = this.found?.part ?? this.part): void {
    const { first, second } = this;
    if (part !== (this.found?.part ?? this.part)) this.effect = null;
    this.number = number;
    this.part = part;
    history.replaceState(null, "", write({ view: "compare", first, second, part, number }));
    void this.compare();
  }

  /** Change the second network; what it refuses is taken back. */
  async add(edit: Edit): Promise<void> {
    const before = this.edits;
    await this.take([...before, edit]);
    if (this.refused) this.edits = before;
  }

  async undo(): Promise<void> {
    await this.take(this.edits.slice(0, -1));
  }

  async undoAll(): Promise<void> {
    await this.take([]);
  }

  private async take(edits: Edit[]): Promise<void> {
    this.edits = edits;
    this.effect = null;
    await this.compare();
  }

  /** Judge both by all pictures of the part. */
  async judge(): Promise<void> {
    this.judging = true;
    this.refused = "";
    const { edits, part } = this;
    try {
      const effect = await send<Effect>("POST", "api/compare/all", { ...this.pair, part });
      if (edits === this.edits && part === this.part) this.effect = effect;
    } catch (error) {
      this.refused = (error as Error).message;
    } finally {
      this.judging = false;
    }
  }

  /** Keep the changed network as a model; its run. */
  async save(name: string): Promise<string> {
    const asked = { run: this.second ?? this.first, edits: this.edits, name };
    return (await send<{ id: string }>("POST", "api/surgery", asked)).id;
  }

  /** A layer's values in one of the networks; null where it has none. */
  async values(key: string, side: 0 | 1, place: number): Promise<Float32Array | null> {
    if (!this.found?.layers[place]?.shapes[side]) return null;
    const response = await fetch(`api/compare/${key}/${side}/${place}`);
    if (!response.ok) throw new Refused(response.status, response.statusText);
    return new Float32Array(await response.arrayBuffer());
  }
}
