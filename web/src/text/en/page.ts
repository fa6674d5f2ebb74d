export const page = {
  first: "Pick or draw a picture; click any number to see what it is made of.",
  firstMade: "Draw new noise, or move a slider; click any pixel to see what it is made of.",
  firstHeard: "Pick a recording; click any number to see what it is made of.",
  changed: (count: number) =>
    count === 1
      ? "The network is changed: it is no longer the one that was delivered."
      : `The network is changed (${count} times): it is no longer the one that was delivered.`,
  untitled: "A network",
  missing: (part: string) => `The page is incomplete: it has no part ${part}. Get the file again.`,
  damaged: (part: string) =>
    `The page is damaged: its part ${part} cannot be read. Get the file again.`,
  failed: (why: string) => `The page does not open: ${why}`,
  opening: "Opening the network…",
  language: "Language",
  same: "the same bits as the Python engine",
  apart: (share: string, layer: string) =>
    `differs from the Python engine by ${share} of the largest output, first at ${layer}`,
  notInAddress: (parts: string) =>
    `Not in the address, so that a copied link does not show it: ${parts}.`,
  addressParts: {
    pixels: "the picture (too large)",
    change: "changes of the network (steps for another picture, or too many of them)",
    learned: "what was learned here",
  },
  licences: "Licences of what this page is made of",
  before: "before",
  after: "after",
  logitBefore: "logit before",
  logitAfter: "logit after",
  change: "change",
  tabs: "Views",
  views: {
    number: "Open a number",
    backward: "Backwards",
    why: "Why",
    learn: "Learn",
    lecture: "Lecture",
  },
};
