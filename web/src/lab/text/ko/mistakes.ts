import type { mistakes as english } from "../en/mistakes";
import { PARTS } from "./part_names";
import { UNITS } from "./units";

export const mistakes: typeof english = {
  title: (run) => `틀린 그림: ${run}`,
  link: "무엇을 틀리는가",
  toRun: "실행으로",
  failed: (line) => `보여 줄 수 없습니다: ${line}`,
  trainOn: "이어서 학습하기",
  trainOnHow: (count) =>
    count === 0
      ? "먼저 그림에 대해 결정하세요. 그러면 그 결정으로 이 실행에서 이어지는 새 실행을 시작할 수 있습니다."
      : `결정 ${count}건으로 이 실행에서 이어지는 새 실행을 시작합니다. 고정한 본체 위에서 학습한 실행이면 헤드만, 아니면 모든 층이 배웁니다.`,
  starting: "학습을 시작하는 중…",
  doing: {
    features: (done, of) => `특징 계산 중: 그림 ${of}장 가운데 ${done}장`,
    folds: (done, of) => `다른 묶음에서 배우는 중: ${done}/${of}`,
  },
  part: (part, wrong, of, folds) =>
    `${PARTS[part] ?? part}: ${of}장 가운데 ${wrong}장 틀림` +
    (folds ? "(나누어 배운 헤드의 답)." : "."),
  partOff: (part, error, unit, of, folds) =>
    `${PARTS[part] ?? part}: 그림 ${of}장, 평균 오차 ${UNITS[unit] ?? unit}의 ${error}배` +
    (folds ? "(나누어 배운 헤드의 답)." : "."),
  numbersHeads: {
    part: "부분",
    number: "수",
    error: "평균 절대 오차",
    deviation: "로버스트 표준편차",
    outlying: "틀린 것 같은 라벨",
  },
  numbersHow:
    "로버스트 표준편차: 답과 라벨의 차이에서 구한 중앙값 절대 편차의 1.4826배. 차이가 그 중앙값에서 이것의 3.5배 넘게 떨어진 라벨은 틀린 것 같습니다. 그림이 20장이 안 되면 의심하지 않습니다.",
  direction: "답",
  directionOf: (name, high, count) => `${name}: ${high ? "너무 큼" : "너무 작음"} (${count})`,
  rowOff: (label, answered, error) => `${label} → ${answered}, 오차 ${error}`,
  off: (label, answered, error, unit) =>
    `라벨: ${label}, 답: ${answered}, 오차: ${UNITS[unit] ?? unit}의 ${error}배.`,
  labelOf: "라벨",
  answerOf: "답",
  difference: "차이",
  deviations: "로버스트 표준편차의 배수",
  outlying: "틀린 것 같음",
  evidenceOf: "어느 수",
  evidenceHowNumber: (name) =>
    `신경망 자체의 화소별 근거입니다. 주홍: 더 큰 ${name}, 파랑: 더 작은 ${name}.`,
  mapHowNumber: (name, signed) =>
    signed
      ? `주홍: 더 큰 ${name}의 근거, 파랑: 더 작은 ${name}의 근거.`
      : `주홍인 곳에서 이 방법이 더 큰 ${name}의 근거를 찾습니다.`,
  otherData: (data) =>
    `이 실행이 배운 데이터: ${data}. 그림에 대해 결정하려면 이 데이터로 실험실을 여세요.`,
  pair: "라벨과 답",
  pairOf: (label, answered, count) => `${label} → ${answered} (${count})`,
  all: (count) => `모두 (${count})`,
  any: "모두",
  decision: "결정",
  suspicious: "틀린 것 같은 라벨만",
  notAll: (shown, of) => `틀린 그림 ${of}장 가운데 처음 ${shown}장입니다.`,
  notAllNumbers: (shown, of) => `그림 ${of}장 가운데 가장 많이 벗어난 ${shown}장입니다.`,
  row: (label, answered, share) => `${label} → ${answered} ${share}`,
  labelled: (label, share) => `라벨: ${label}, 그 확률 ${share}.`,
  byFolds: "이 그림에서 배우지 않은 헤드들이 신경망의 특징으로 답했습니다.",
  byNetwork: "이 그림에서 배우지 않은 신경망이 답했습니다.",
  likelyWrong: "라벨이 틀린 것 같습니다.",
  evidence: "근거",
  evidenceHow: (answered, label) =>
    `신경망 자체의 화소별 근거입니다. 주홍: ${answered}, 파랑: ${label}.`,
  noEvidence: "이 신경망의 답은 화소별로 나눌 수 없습니다.",
  method: "방법",
  mapHow: (answered, label, signed) =>
    signed
      ? `주홍: ${label}보다 ${answered}의 근거, 파랑: 그 반대.`
      : `주홍인 곳에서 이 방법이 ${answered}의 근거를 찾습니다.`,
  noMap: "이 신경망의 답은 이 방법으로 설명할 수 없습니다.",
  open: "이 그림에서 신경망을 층별로 열기",
  nearest: "가장 가까운 학습 그림",
  distance: (similarity) => `유사도 ${similarity}`,
  noneNear: "없습니다.",
  looking: "찾는 중…",
};
