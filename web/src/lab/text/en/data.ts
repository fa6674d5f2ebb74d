import type { FindingValues } from "../../data";

export const data = {
  title: "Data",
  none: "This lab was opened without data; open it with pellucid lab RUNS DATA.",
  notYet:
    "These pictures have not been checked yet. A check looks for duplicates, contradictions, leaks, files that cannot be used, and classes with too few pictures.",
  check: "Check the data",
  again: "Check again",
  near: "also look for pictures that are nearly the same",
  features: "also look for labels that are likely wrong, by a trained network's features",
  checking: "looking at the pictures",
  progress: {
    pictures: (done: number, of: number, share: string) => `${done} of ${of} pictures (${share})`,
    features: (done: number, of: number, share: string) =>
      `features of ${done} of ${of} pictures (${share})`,
    folds: (done: number, of: number, share: string) =>
      `learning from the other folds: ${done} of ${of} (${share})`,
  },
  failed: (line: string) => `This cannot be shown: ${line}`,
  summary: (pictures: number, classes: number) => `${pictures} pictures, ${classes} classes.`,
  silenced: (count: number) =>
    count === 1
      ? "One finding is not listed: its pictures were decided on."
      : `${count} findings are not listed: their pictures were decided on.`,
  severities: { "stops training": "stops training", warning: "warning", note: "note" },
  /** What a kind of finding is called, and what to do about it: Python writes both in English. */
  kind: (title: string, advice: string, _kind: string): [string, string] => [title, advice],
  /** What was found, in a line: in English the words of Python. */
  finding: (_kind: string, _values: FindingValues, _noun: string, words: string): string => words,
  more: (count: number) => `${count} more`,
  moreNames: (count: number) => `and ${count} more`,
  notAll: (shown: number, of: number) =>
    `${shown} of ${of} findings are shown, the most serious ones.`,
  clean: "Nothing was found.",
  classes: "Classes",
  noClasses: "These data have no classes.",
  count: (part: string, count: number) => (part === "all" ? String(count) : `${part} ${count}`),
  unusable: (count: number) => `${count} that cannot be used`,
};
