/** Parts of a run's data. */
export const parts = {
  title: "Part",
  names: { train: "train", validation: "validation", test: "test", all: "all" },
  learned: "The first network learned from these pictures, so that they say little of others.",
};
