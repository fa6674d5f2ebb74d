export const page = {
  first: "Pick or draw a picture; click any number to see what it is made of.",
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
  tabs: "Views",
  views: {
    number: "Open a number",
    backward: "Backwards",
    why: "Why",
    learn: "Learn",
    lecture: "Lecture",
  },
};
