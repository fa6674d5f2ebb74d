/** The sign of each way in which an answer changes. */

import type { ChangeWay } from "./data";

export const MARKS: Record<ChangeWay, string> = {
  corrected: "✓",
  broken: "✗",
  "still wrong": "≠",
  better: "▲",
  worse: "▼",
};
