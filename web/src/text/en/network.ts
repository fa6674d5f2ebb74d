import type { NodeData } from "../../engine/data";

export const network = {
  title: "The network",
  described: (node: NodeData): string => node.described,
  beyond: (value: string) => `▸ ${value}`,
  /** In full, for who points at it. */
  beyondAt: (value: string) =>
    `The strongest colour stands for all beyond the 99.5th percentile; the largest is ${value}`,
  /** A sheet for screen readers. */
  sheet: (layer: string, what: string, shape: string) => `${layer}, ${what}, ${shape}`,
  keys:
    "Arrows move within a map, page up and page down through the maps, Home and End to the ends; " +
    "Enter opens the value; Tab goes to the next layer.",
  map: (channel: number) => `map ${channel}`,
  row: (row: number) => `row ${row}`,
  column: (column: number) => `column ${column}`,
  number: (place: number) => `number ${place}`,
  point: "Point at a number, or go to a layer with Tab; a click or Enter opens it.",
  reads: (count: number) => `reads ${count}`,
  readBy: (count: number) => `read by ${count}`,
  strongest: (shown: number, all: number) => `${shown} strongest of ${all}: all ▸`,
  fewer: "smaller",
  fold: (what: string) => `Fold ${what}`,
  unfold: (what: string) => `Unfold ${what}`,
  foldAll: "Fold all",
  unfoldAll: "Unfold all",
  layers: (count: number) => `${count} layers`,
  blocks: {
    add: "residual block",
    dense: "dense block's layer",
    concatenate: "branches, joined",
    multiply: "gate",
    other: "branches",
  },
  stage: (resolution: string) => (resolution ? `stage at ${resolution}` : "numbers"),
  branch: (index: number) => `branch ${index}`,
  shortcut: "shortcut: passed on as it is",
  overview: "Overview: go to a layer",
  signs: "Hatch negative values",
  kernels: "Kernels",
  views: { flat: "flat", space: "3-D" },
  view: "How the network is drawn",
  save: (format: string) => `Save as ${format}`,
};
