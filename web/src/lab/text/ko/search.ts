import type { search as english } from "../en/search";

export const search: typeof english = {
  failed: (line) => `보여 줄 수 없습니다: ${line}`,
  waiting: "다른 계산이 끝나기를 기다리는 중",
  progress: "진행 정도",
  stop: "멈추기",
  stopped: "멈추었습니다.",
  again: "다시 찾기",
  none: "해당하는 그림이 없습니다.",
};
