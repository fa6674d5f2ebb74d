import { attach } from "./particle";

export const answer = {
  title: "답",
  click:
    "클래스를 누르면 그 로짓이 어떤 합인지 열리고, 까닭을 누르면 마지막 층이 읽는 그 값이 열립니다.",
  bar: (name: string, logit: string) =>
    `${name}: 모든 로짓으로 계산한 확률입니다. 누르면 이 클래스의 로짓 ${attach(logit, "이/가")} 열립니다`,
  number: (name: string) => `${name}: 누르면 이 값이 어떤 합인지 열립니다`,
  reason: (place: string, share: string) =>
    `${place}: 차이를 ${share}만큼 늘립니다. 누르면 이 값이 열립니다`,
  more: (count: number) => `그 밖에 ${count}개`,
  right: "정답",
  wanted: (value: string) => `정답: ${value}`,
  rather: (best: string, next: string, lead: string) =>
    `${attach(next, "이/가")} 아니라 ${best}: 로짓이 ${lead}만큼 앞섭니다. 까닭:`,
};
