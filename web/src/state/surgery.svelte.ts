/** Surgery on the network of a page: changes one after the other, and back again. */

import type { Network } from "../engine/network";
import type { Edit } from "../why/edits";
import type { PageState } from "./page.svelte";

/** A change: of weights, or of a pooling, for which the network before is kept. */
export type Change = Edit | { what: { kind: "swap"; layer: string }; network: Network };

export class Surgery {
  changes = $state.raw<Change[]>([]);
  /** The answer before the first change. */
  before = $state.raw<Float64Array | null>(null);
  /** The version of the weights that the last change left. */
  private version = -1;

  constructor(private readonly page: PageState) {}

  /** Forget changes that other weights have overtaken, e.g. learned ones. */
  private follow(): void {
    if (this.changes.length && this.version !== this.page.version) {
      this.changes = [];
      this.before = null;
    }
  }

  edit(edit: Edit): void {
    this.begin();
    this.page.setWeights(edit.weights);
    this.done([...this.changes, edit]);
  }

  /** Exchange maximum and average in a pooling that was compiled along. */
  async swap(layer: string): Promise<void> {
    const variant = this.page.data.variants.find((each) => each.layer === layer);
    if (!variant) return;
    const before = this.page.network;
    const network = await before.variant(variant);
    this.begin();
    this.page.network = network;
    this.done([...this.changes, { what: { kind: "swap", layer }, network: before }]);
  }

  undo(): void {
    const last = this.changes.at(-1);
    if (!last) return;
    if ("network" in last) this.page.network = last.network;
    else this.page.setWeights(last.before);
    this.done(this.changes.slice(0, -1));
    if (!this.changes.length) this.before = null;
  }

  undoAll(): void {
    while (this.changes.length) this.undo();
  }

  private begin(): void {
    this.follow();
    this.before ??= this.page.answer.slice();
  }

  private done(changes: Change[]): void {
    this.changes = changes;
    this.version = this.page.version;
  }
}
