export const number = {
  nothing: "Click a number in a map, or an answer.",
  back: "Back",
  bias: "bias",
  added: "added",
  value: "value read",
  factor: "× factor",
  product: "product",
  place: "place",
  sum: "sum",
  engine: "the engine's value",
};
