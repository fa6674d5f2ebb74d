const counted = (count: number): string => (count === 1 ? "1 box" : `${count} boxes`);

export const boxes = {
  title: "Boxes",
  found: (count: number) => (count ? `${counted(count)} found` : "no box found"),
  none: (least: string) => `No box has a probability of ${least} or more.`,
  least: (least: string) => `shown from ${least} on`,
  click:
    "A click on a box, here or on the picture, opens the logit that it was found by; a click on a distance opens that.",
  point: "A click within a box opens the box.",
  open: (row: number, column: number) =>
    `opens the logit of its class in the cell of row ${row}, column ${column}`,
  cell: (row: number, column: number) =>
    `found in the cell of row ${row}, column ${column}; pixels from the cell's middle to the edges:`,
  sides: ["left", "top", "right", "bottom"],
  distance: (side: string) => `opens the output that the distance to the ${side} edge comes from`,
  edge: (side: string) => `distance to the ${side} edge`,
  why: "Why here",
  box: "Box",
  logit: (name: string, row: number, column: number) =>
    `logit of ${name} in the cell of row ${row}, column ${column}`,
  logarithm: (side: string, stride: number) =>
    `logarithm of the distance to the ${side} edge, in cells of ${stride} pixels`,
  parts: ["left edge", "top edge", "right edge", "lower edge", "probability", "place of its class"],
  number: (box: number, part: string) => `box ${box}: ${part}`,
  right: (count: number) => `Dotted: what is right, ${counted(count)}.`,
  inSample: (count: number) => (count ? `has ${counted(count)}` : "has no box"),
};
