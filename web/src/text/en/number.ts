export const number = {
  nothing: "Click a number in a map, or an answer.",
  opened: "The opened value",
  way: "The way here",
  back: "Back",
  close: "Close, back to where it was opened",
  keys: "Arrows: neighbours (Page Up and Down: maps). Enter: into the strongest term. Esc: back, in the end to where it was opened.",
  neighbour: [
    (by: number): string => (by < 0 ? "the row above" : "the row below"),
    (by: number): string => (by < 0 ? "the column to the left" : "the column to the right"),
    (by: number): string => (by < 0 ? "the map before" : "the next map"),
    (by: number): string => (by < 0 ? "the unit before" : "the next unit"),
  ],
  rules: {
    sum: "a sum of products",
    maximum: "the largest of what it reads",
    share: "a share of the sum of all exponentials",
    product: "the product of what it reads",
    function: "a function of what it reads",
    sampled: "a sum of products, whose factors follow from the place",
  },
  pixel: "A pixel of the picture: nothing computes it.",
  ofClass: (name: string) => `of: ${name}`,
  play: "Play the sum",
  pause: "Pause",
  skip: "Whole sum",
  steps: "Terms added so far",
  addedSoFar: (count: number, all: number, sum: string) => `${count} of ${all} terms: ${sum}`,
  addedUp: (all: number, bias: boolean, sum: string) =>
    `all ${all} terms${bias ? " and the bias" : ""}: ${sum}`,
  map: (layer: string, channel: number) => `${layer}, map ${channel}`,
  rowsColumns: (rows: string, columns: string) => `rows ${rows}, columns ${columns}`,
  window: "window",
  kernel: "kernel",
  products: "products",
  ofMap: (sum: string) => `this map adds ${sum}`,
  moreMaps: (count: number) =>
    `${count} more ${count === 1 ? "map, a weaker one" : "maps, weaker ones"}`,
  speaksFor: "Strongest for it",
  speaksAgainst: "Strongest against it",
  folded: (layer: string, norm: string) =>
    `${layer} predicts together with its batch norm ${norm}.`,
  foldedKernel: (factor: string) =>
    `Each number of the kernel is the stored one times γ/√(σ² + ε) = ${factor};`,
  foldedBias: (bias: string, mean: string, factor: string, beta: string, result: string) =>
    `the bias is (b − μ)·γ/√(σ² + ε) + β = (${bias} − ${mean})·${factor} + ${beta} = ${result}.`,
  stored: "stored kernel",
  normalised: "Normalised",
  formula: "formula",
  gates: "gates",
  recurrent: {
    state: "(1 − update) · candidate + update · the state before",
    candidate: "The reset gate multiplies what the state before gives, with its bias.",
    output: "output · tanh(cell)",
    cell: "input · candidate + forget · the cell before",
  },
  becomes: "What becomes of it",
  wins: "the largest of its window",
  loses: "not the largest of its window",
  readBy: (layer: string, count: number) =>
    `${layer} reads it for ${count} ${count === 1 ? "value" : "values"}:`,
  moreReaders: (count: number) => `${count} more`,
  goTo: "Go to",
  open: "Open",
  axes: (count: number): string[] =>
    count === 1 ? ["unit"] : count === 3 ? ["row", "column", "map"] : ["place"],
  outside: (layer: string, place: string, shape: readonly number[]) =>
    `${layer} has no value at "${place}": expected ` +
    (shape.length === 3
      ? `row 0–${shape[0] - 1}, column 0–${shape[1] - 1}, map 0–${shape[2] - 1}.`
      : `${shape.map((length) => `0–${length - 1}`).join(", ")}.`),
  notAmong: (layer: string, place: string) => `${layer} [${place}] does not read this value.`,
  table: (count: number) => `All terms as a table: ${count}`,
  sorted: "Sorted by",
  orders: { size: "size", most: "most for it", least: "most against it", order: "order of adding" },
  search: "Search",
  shown: (first: number, last: number, found: number, all: number) =>
    found === 0
      ? `none of ${all}`
      : `${first}–${last} of ${found}${found < all ? `, of ${all} in all` : ""}`,
  before: "Before",
  after: "Next",
  bias: "bias",
  added: "added",
  value: "value read",
  factor: "× factor",
  product: "product",
  place: "place",
  sum: "sum of the terms, in double precision",
  again: "computed again in double precision",
  engine: "the engine's value, float32",
  read: "as it is shown, in double precision",
  difference: "difference",
  units: (steps: number, rounded: boolean) =>
    steps === 0
      ? "none: the same float32"
      : steps === 1
        ? "one float32 step: the engine rounds after every step"
        : !rounded
          ? "▲ more than rounding explains: the terms do not make the engine's value"
          : steps > 1e6
            ? "the terms cancel almost entirely: what is left is the engine's rounding"
            : `${steps} float32 steps: the engine rounds after every step`,
};
