import type { NodeData } from "../../engine/data";

export const network = {
  title: "The network",
  described: (node: NodeData): string => node.described,
  /** What a function of one value does; empty where its formula says all. */
  words: (node: NodeData): string => node.words,
  beyond: (value: string) => `▸ ${value}`,
  /** In full, for who points at it. */
  beyondAt: "Colours end at the 99.5th percentile of the sizes; ▸ is the largest value beyond it",
  openLargest: (layer: string, value: string) =>
    `▸ ${value}, the largest value of ${layer}: open it`,
  /** A sheet for screen readers. */
  sheet: (layer: string, what: string, shape: string) => `${layer}, ${what}, ${shape}`,
  keys:
    "Arrows move within a map, page up and page down through the maps, Home and End to the ends, " +
    "M to the largest value; Enter opens the value; Tab goes to the next layer.",
  map: (channel: number) => `map ${channel}`,
  row: (row: number) => `row ${row}`,
  column: (column: number) => `column ${column}`,
  number: (place: number) => `number ${place}`,
  unnamed: (output: number) => `output ${output}, of no class`,
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
  kernelsOf: (layer: string) => `Kernels of ${layer}`,
  kernelShape: (shape: string) =>
    `${shape}: rows × columns × input maps × maps; a row of the sheet for each map`,
  kernelTo: "to map",
  kernelFrom: "from input map",
  kernel: (to: number, from: number) => `Kernel from input map ${from} to map ${to}`,
  biasOf: (value: string) => `bias ${value}`,
  noKernels: "This network has no kernels that slide over maps.",
  numbers: "Numbers",
  larger: (layer: string) => `${layer} large, all of its maps`,
  drawn: "drawn",
  save: "Save",
  saveAs: (what: string, format: string) => `${what} as ${format.toUpperCase()}`,
  whole: "the network",
  notSaved: (why: string) => `Nothing was saved: ${why}`,
  noSpace: "This browser draws no 3-D here; everything is in the flat view.",
  space: {
    label:
      "The network in 3-D: arrows turn it, plus and minus zoom, 0 goes back. The flat view has every value.",
    picture: "picture",
    closer: "Closer",
    further: "Further away",
    reset: "As at first",
    hint: "drag to turn; Ctrl or ⌘ and the wheel to zoom",
  },
};
