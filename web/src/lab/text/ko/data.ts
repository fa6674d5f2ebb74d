import type { data as english } from "../en/data";
import { findings } from "./findings";
import { kinds } from "./kinds";
import { PARTS } from "./part_names";

export const data: typeof english = {
  title: "데이터",
  none: "이 실험실은 데이터 없이 열렸습니다. pellucid lab RUNS DATA 명령으로 여세요.",
  notYet:
    "아직 이 그림들을 살펴보지 않았습니다. 점검은 중복, 모순, 누출, 쓸 수 없는 파일, 그림이 너무 적은 클래스를 찾습니다.",
  check: "데이터 점검하기",
  again: "다시 점검하기",
  near: "거의 같은 그림도 찾기",
  features: "학습한 신경망의 특징으로 틀린 것 같은 라벨도 찾기",
  checking: "그림을 살펴보는 중",
  progress: {
    pictures: (done, of, share) => `그림 ${of}장 가운데 ${done}장(${share})`,
    features: (done, of, share) => `특징 계산 중: 그림 ${of}장 가운데 ${done}장(${share})`,
    folds: (done, of, share) => `다른 묶음에서 배우는 중: ${done}/${of}(${share})`,
  },
  failed: (line) => `보여 줄 수 없습니다: ${line}`,
  summary: (pictures, classes) => `그림 ${pictures}장, 클래스 ${classes}개.`,
  silenced: (count) => `이미 결정한 그림의 점검 결과 ${count}건은 나오지 않습니다.`,
  severities: { "stops training": "학습을 막음", warning: "경고", note: "참고" },
  kind: (title, advice, kind) => kinds[kind] ?? [title, advice],
  finding: (kind, values, noun, words) => findings[kind]?.(values, noun) || words,
  more: (count) => `${count}개 더 보기`,
  moreNames: (count) => `그 밖에 ${count}개`,
  notAll: (shown, of) => `점검 결과 ${of}건 가운데 가장 심각한 ${shown}건입니다.`,
  clean: "찾은 것이 없습니다.",
  classes: "클래스",
  noClasses: "이 데이터에는 클래스가 없습니다.",
  count: (part, count) => (part === "all" ? `${count}장` : `${PARTS[part] ?? part} ${count}장`),
  unusable: (count) => `쓸 수 없는 파일 ${count}개`,
};
