/** The network as a tree that folds: steps, blocks of branches, and stages of one resolution. */

import type { Outline, Shape } from "../../engine/data";
import { INPUT } from "../../engine/network";

/** Layers that follow each other directly, drawn below each other in one column. */
export interface Step {
  kind: "step";
  id: string;
  layers: string[];
}

/** Branches side by side, and the layers that join them; an empty branch passes on what it reads. */
export interface Block {
  kind: "block";
  id: string;
  branches: Item[][];
  joint: string[];
}

/** Items whose maps have one resolution, where a network is long. */
export interface Stage {
  kind: "stage";
  id: string;
  items: Item[];
}

export type Item = Step | Block | Stage;

/** Networks of more layers begin with their blocks folded. */
const FEW_LAYERS = 24;
/** Series of more items begin as stages. */
const FEW_ITEMS = 14;

/** The items of an outline; the picture, which is beside the network, is left out. */
export function itemsOf(outline: Outline): Item[] {
  const found: Item[] = [];
  for (const step of outline) {
    if (Array.isArray(step)) {
      const layers = step.filter((name) => name !== INPUT);
      if (layers.length > 0) found.push({ kind: "step", id: layers[0], layers });
      continue;
    }
    const branches = step.branches.map(itemsOf);
    const first = branches.flatMap((branch) => branch.flatMap(layersOf))[0] ?? step.joint[0];
    if (first !== undefined) {
      found.push({ kind: "block", id: `${first}…`, branches, joint: step.joint });
    }
  }
  return found;
}

/** All layers of an item, in order. */
export function layersOf(item: Item): string[] {
  if (item.kind === "step") return item.layers;
  if (item.kind === "stage") return item.items.flatMap(layersOf);
  return [...item.branches.flatMap((branch) => branch.flatMap(layersOf)), ...item.joint];
}

/** The layer whose values are what an item makes. */
export function lastOf(item: Item): string {
  return layersOf(item).at(-1)!;
}

/** Long series cut into stages of one resolution; short ones as they are. */
export function staged(items: Item[], shapes: ReadonlyMap<string, Shape>): Item[] {
  if (items.length <= FEW_ITEMS) return items;
  const found: Item[] = [];
  let run: Item[] = [];
  const resolution = (item: Item): string => shapes.get(lastOf(item))!.slice(0, -1).join("×");
  const finish = (): void => {
    if (run.length > 1) found.push({ kind: "stage", id: `${layersOf(run[0])[0]}–`, items: run });
    else found.push(...run);
    run = [];
  };
  for (const item of items) {
    if (run.length > 0 && resolution(run[0]) !== resolution(item)) finish();
    run.push(item);
  }
  finish();
  return found;
}

/** What is unfolded at first: everything of a short network, nothing of a long one. */
export function unfoldedAtFirst(items: Item[]): Set<string> {
  const found = new Set<string>();
  if (items.flatMap(layersOf).length > FEW_LAYERS) return found;
  const visit = (item: Item): void => {
    if (item.kind === "step") return;
    found.add(item.id);
    if (item.kind === "stage") item.items.forEach(visit);
    else item.branches.forEach((branch) => branch.forEach(visit));
  };
  items.forEach(visit);
  return found;
}

/** The items that must be unfolded for a layer to be seen, from the outside in. */
export function foldsAround(items: Item[], layer: string): string[] {
  for (const item of items) {
    if (!layersOf(item).includes(layer)) continue;
    if (item.kind === "step") return [];
    const inside = item.kind === "stage" ? [item.items] : item.branches;
    if (layer === lastOf(item)) return []; // a folded item shows it
    for (const series of inside) {
      if (series.some((each) => layersOf(each).includes(layer))) {
        return [item.id, ...foldsAround(series, layer)];
      }
    }
    return [item.id]; // one of the joint's layers
  }
  return [];
}

/** The layers that are seen, in order, with some items unfolded. */
export function seen(items: Item[], unfolded: ReadonlySet<string>): string[] {
  return items.flatMap((item) => {
    if (item.kind === "step") return item.layers;
    if (!unfolded.has(item.id)) return [lastOf(item)];
    if (item.kind === "stage") return seen(item.items, unfolded);
    return [...item.branches.flatMap((branch) => seen(branch, unfolded)), ...item.joint];
  });
}

/** How many layers lie behind each other along the longest way. */
export function depthOf(item: Item): number {
  const along = (items: Item[]): number => items.reduce((sum, each) => sum + depthOf(each), 0);
  if (item.kind === "step") return item.layers.length;
  if (item.kind === "stage") return along(item.items);
  return Math.max(...item.branches.map(along)) + item.joint.length;
}
