import type { changes as english } from "../en/changes";
import { UNITS } from "./units";

/** What the server calls tests. */
const TESTS: Record<string, string> = {
  "McNemar's test": "맥니마 검정",
  "the sign test": "부호 검정",
};
export const changes: typeof english = {
  title: "무엇이 바뀌었는가",
  link: "바뀐 것을 그림별로 보기",
  toBefore: "이전 실행으로",
  toAfter: "이후 실행으로",
  compare: "둘을 층별로 비교하기",
  doing: { answers: (done, of) => `두 신경망이 답하는 중: 답 ${of}개 가운데 ${done}개` },
  before: "이전",
  after: "이후",
  right: (right, of, unit) =>
    unit === "labels" ? `라벨 ${of}개 가운데 ${right}개 맞음:` : `${of}장 가운데 ${right}장 맞음:`,
  off: (error, unit) => `평균 ${error} ${UNITS[unit] ?? unit}`,
  error: (error) => `오차 ${error}`,
  share: (share, low, high) => `${share}(95 % 신뢰구간 ${low}–${high})`,
  loss: (loss) => `교차 엔트로피 ${loss}`,
  count: {
    corrected: (count) => `고쳐진 그림 ${count}장`,
    broken: (count) => `틀리게 된 그림 ${count}장`,
    "still wrong": (count) => `다르게 틀린 그림 ${count}장`,
    better: (count) => `더 가까워진 그림 ${count}장`,
    worse: (count) => `더 멀어진 그림 ${count}장`,
  },
  ways: {
    corrected: "고쳐짐",
    broken: "틀리게 됨",
    "still wrong": "다르게 틀림",
    better: "더 가까움",
    worse: "더 멂",
  },
  chance: (p, test) =>
    `어느 쪽도 더 낫지 않다면, 나아진 수와 나빠진 수가 이만큼 다를 확률은 ${p}입니다(${TESTS[test] ?? test}).`,
  which: "보기",
  all: (count) => `답이 바뀐 그림 모두 (${count})`,
  how: "그림마다 이전 답과 이후 답을 확률이나 오차와 함께 보여 줍니다. 그림을 누르면 두 신경망을 그 그림에서 비교합니다.",
  notAll: (shown, of) => `답이 바뀐 그림 ${of}장 가운데 처음 ${shown}장입니다.`,
  label: (label) => `라벨: ${label}`,
  becomes: "다음으로 바뀜:",
};
