/** What the parts of data are called. */
export const PARTS: Record<string, string> = {
  train: "학습",
  validation: "검증",
  test: "시험",
  all: "전체",
};
