import type { decide as english } from "../en/decide";
import { PARTS } from "./part_names";

export const decide: typeof english = {
  part: (part) => PARTS[part] ?? part,
  title: "이 그림에 대해 결정하기",
  all: "결정",
  where: (file) => `저장하는 곳: ${file} (pellucid train 명령의 결정 파일)`,
  counts: (keep, move, out) => `그대로 두기 ${keep}, 옮기기 ${move}, 빼기 ${out}.`,
  noneYet: "아직 결정한 것이 없습니다.",
  labelled: (label) => (label ? `라벨: ${label}` : ""),
  keep: "그대로 두기",
  move: "옮기기",
  to: "옮겨 갈 클래스",
  toNumber: (count) => (count === 1 ? "맞는 수" : `맞는 수 ${count}개(; 기호로 나눔)`),
  leaveOut: "빼기",
  note: "메모",
  nothing: "결정 지우기",
  undo: "되돌리기",
  undecided: "결정 없음",
  hint: "화살표 키로 그림 사이를 움직입니다. K: 그대로 두기, M: 클래스 고르기(Enter 키로 옮기기), L: 빼기, N: 메모, U: 마지막 결정 되돌리기.",
  hintNumber:
    "화살표 키로 그림 사이를 움직입니다. K: 그대로 두기, M: 맞는 수 쓰기(Enter 키로 옮기기), L: 빼기, N: 메모, U: 마지막 결정 되돌리기.",
  said: (decision, label) =>
    decision === "keep" ? "그대로" : decision === "move" ? `→ ${label}` : "뺌",
  broken: "보여 줄 수 없음",
  unreadable: (line) => `결정을 읽을 수 없어서, 읽을 수 있을 때까지 쓰지 않습니다: ${line}`,
  unsaved: (count, line) =>
    `아직 저장하지 못한 결정 ${count}개. 이 페이지에 남아 있으며 다시 시도합니다. 닫지 마세요. ${line}`,
  contradicted: (path) => `그사이 다른 곳에서 다르게 결정했습니다: ${path}`,
  mine: (said) => `여기: ${said}`,
  theirs: (said) => `그곳: ${said}`,
};
