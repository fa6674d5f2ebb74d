const counted = (count: number): string => (count === 1 ? "1 box" : `${count} boxes`);

export const boxes = {
  title: "Boxes",
  found: (count: number) => (count ? `${counted(count)} found` : "no box found"),
  none: (least: string) => `No box has a probability of ${least} or more.`,
  least: (least: string) => `shown from ${least} on`,
  click:
    "A click on a box, here or on the picture, opens the logit that it was found by; a click on a distance opens that.",
  point: "A click within a box opens the box.",
  clickRegions:
    "A click on a box, here or on the picture, opens the logit that it was found by; dashed is the region that it was found in.",
  without:
    "There are no gradients of a loss here, and no lecture; pellucid backward and pellucid lecture show both.",
  noLecture:
    "There is no lecture on this page; the command pellucid lecture gives one for a picture.",
  open: (output: string) => `opens the ${output}`,
  cell: (row: number, column: number) =>
    `found in the cell of row ${row}, column ${column}; pixels from the cell's middle to the edges:`,
  regionOf: (region: number, anchor: string) =>
    `found in region ${region} (${anchor}); pixels from its middle, and the size:`,
  anchor: (width: string, height: string, row: number, column: number) =>
    `an anchor of ${width}×${height} pixels around the cell of row ${row}, column ${column}, moved and stretched`,
  region: (region: number) => `region ${region}`,
  inRegion: (words: string, region: number) => `${words} in region ${region}`,
  logitOf: (name: string) => `logit of ${name}`,
  background: "background",
  numbers: ["middle, across", "middle, down", "width", "height"],
  proposal: "region",
  cells: "its cells",
  proposals: "all proposals",
  now: (before: number, after: number) => `Boxes that are shown: ${before} before, ${after} now.`,
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
