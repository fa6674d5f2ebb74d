export const page = {
  first: "Pick or draw a picture at the left; click any number to see what it is made of.",
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
