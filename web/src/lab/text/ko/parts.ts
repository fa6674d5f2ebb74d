import type { parts as english } from "../en/parts";
import { note } from "./notes";
import { names } from "./part_names";

export const parts: typeof english = {
  note: (words, values) => note(values, "picture") || words,
  title: "부분",
  names,
  learned: "첫째 신경망이 배운 그림들이므로, 다른 그림에 대해서는 말해 주는 것이 적습니다.",
};
