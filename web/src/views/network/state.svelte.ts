/** What the network's view shows of the network, and where one is in it. */

import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Position } from "../../engine/data";
import type { PageState, Place } from "../../state/page.svelte";
import { type Lit, litBy, NOTHING } from "./lit";
import type { DrawnLayer } from "./saving";
import { foldsAround, type Item, itemsOf, seen, staged, unfoldedAtFirst } from "./tree";

export class NetworkState {
  readonly items: Item[];
  /** Blocks and stages whose layers are seen. */
  readonly unfolded: SvelteSet<string>;
  /** Layers that are drawn large, with all of their maps. */
  readonly large = new SvelteSet<string>();
  /** Where the keyboard is in each layer that it has been in. */
  readonly cursors = new SvelteMap<string, Position>();
  /** The value under the pointer. */
  pointed = $state.raw<Place | null>(null);
  /** The layer that has the keyboard, or had it last. */
  focused = $state<string | null>(null);
  /** Whether negative values are hatched. */
  signs = $state(false);
  /** Whether the layer's kernels, and the numbers around the value, stand above the maps. */
  kernels = $state(false);
  numbers = $state(false);
  /** Of every layer that is there: how it is drawn now. */
  readonly drawn = new Map<string, () => DrawnLayer>();

  /** Whether there is anything to fold. */
  get folds(): boolean {
    return this.items.some((item) => item.kind !== "step");
  }

  readonly seen: string[] = $derived.by(() => seen(this.items, this.unfolded));
  /** The value that is spoken of: under the pointer, at the keyboard, or opened. */
  readonly place: Place | null = $derived.by(() => this.pointed ?? this.cursor ?? this.selected);
  readonly lit: Lit = $derived.by(() =>
    this.place
      ? litBy(this.page.network, this.page.values, this.place.layer, this.place.at)
      : NOTHING,
  );
  /** The layer whose kernels, size and picture the buttons are about. */
  readonly layer: string = $derived.by(
    () => this.focused ?? this.selected?.layer ?? this.seen[0] ?? "",
  );

  constructor(readonly page: PageState) {
    this.items = staged(itemsOf(page.data.graph.outline), page.network.shapes);
    this.unfolded = new SvelteSet(unfoldedAtFirst(this.items));
  }

  private get selected(): Place | null {
    const { selected } = this.page;
    return selected && this.page.network.nodes.has(selected.layer) ? selected : null;
  }

  private get cursor(): Place | null {
    const at = this.focused === null ? undefined : this.cursors.get(this.focused);
    return at ? { layer: this.focused!, at } : null;
  }

  toggle(id: string): void {
    if (!this.unfolded.delete(id)) this.unfolded.add(id);
  }

  /** Draw a layer large, with all of its maps, or as it was. */
  enlarge(layer: string): void {
    if (!this.large.delete(layer)) this.large.add(layer);
  }

  foldAll(): void {
    this.unfolded.clear();
  }

  unfoldAll(): void {
    const visit = (item: Item): void => {
      if (item.kind === "step") return;
      this.unfolded.add(item.id);
      (item.kind === "stage" ? [item.items] : item.branches).forEach((each) => each.forEach(visit));
    };
    this.items.forEach(visit);
  }

  /** Unfold what hides a layer. */
  reveal(layer: string): void {
    for (const id of foldsAround(this.items, layer)) this.unfolded.add(id);
  }

  /** The keyboard comes to a value. */
  moveTo(layer: string, at: Position): void {
    this.focused = layer;
    this.cursors.set(layer, at);
    this.pointed = null;
  }
}
