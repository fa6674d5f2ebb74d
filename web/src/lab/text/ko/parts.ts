import type { parts as english } from "../en/parts";

/** What the parts of data are called. */
const names = { train: "학습", validation: "검증", test: "시험", all: "전체" };

/** The same, of any text. */
export const PARTS: Record<string, string> = names;

export const parts: typeof english = {
  title: "부분",
  names,
  learned: "첫째 신경망이 배운 그림들이므로, 다른 그림에 대해서는 말해 주는 것이 적습니다.",
};
