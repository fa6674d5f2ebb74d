import type { FindingValues } from "../../data";

/** Parts of a run's data. */
export const parts = {
  /** A note on data, which Python writes in English. */
  note: (words: string, { model }: FindingValues): string =>
    model ? `${model === "A" ? "before" : "after"}${words.slice(1)}` : words,
  title: "Part",
  names: { train: "train", validation: "validation", test: "test", all: "all" },
  learned: "The first network learned from these pictures, so that they say little of others.",
};
