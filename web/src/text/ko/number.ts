import { attach } from "./particle";

export const number = {
  nothing: "특징맵의 숫자나 답을 누르세요.",
  opened: "열어 본 값",
  way: "여기까지 온 길",
  back: "뒤로",
  close: "닫고 열었던 곳으로",
  keys: "화살표: 이웃한 값 (Page Up·Down: 다른 특징맵). Enter: 가장 큰 항으로. Esc: 뒤로, 마지막에는 열었던 곳으로.",
  neighbour: [
    (by: number): string => (by < 0 ? "윗행" : "아랫행"),
    (by: number): string => (by < 0 ? "왼쪽 열" : "오른쪽 열"),
    (by: number): string => (by < 0 ? "앞 특징맵" : "다음 특징맵"),
    (by: number): string => (by < 0 ? "앞 유닛" : "다음 유닛"),
  ],
  rules: {
    sum: "곱들의 합",
    maximum: "읽은 값 중 가장 큰 값",
    share: "모든 지수의 합에서 차지하는 몫",
    product: "읽은 값들의 곱",
    function: "읽은 값의 함수",
    sampled: "곱들의 합, 곱하는 수는 위치에서 나옴",
  },
  pixel: "그림의 화소입니다. 계산된 값이 아닙니다.",
  ofClass: (name: string) => `클래스: ${name}`,
  play: "합 재생",
  pause: "일시 정지",
  skip: "합 전체",
  steps: "지금까지 더한 항",
  addedSoFar: (count: number, all: number, sum: string) => `${all}개 항 중 ${count}개: ${sum}`,
  addedUp: (all: number, bias: boolean, sum: string) =>
    `${all}개 항 모두${bias ? "와 편향" : ""}: ${sum}`,
  map: (layer: string, channel: number) => `${layer}, 특징맵 ${channel}`,
  rowsColumns: (rows: string, columns: string) => `행 ${rows}, 열 ${columns}`,
  window: "창",
  kernel: "커널",
  products: "곱",
  ofMap: (sum: string) => `이 특징맵이 더하는 값 ${sum}`,
  moreMaps: (count: number) => `더하는 값이 더 작은 특징맵 ${count}개 더 보기`,
  speaksFor: "가장 크게 높이는 항",
  speaksAgainst: "가장 크게 낮추는 항",
  folded: (layer: string, norm: string) =>
    `${layer} 층은 배치 정규화 ${attach(norm, "과/와")} 하나로 합쳐져 예측합니다.`,
  foldedKernel: (factor: string) =>
    `커널의 각 수는 저장된 값에 γ/√(σ² + ε) = ${attach(factor, "을/를")} 곱한 것이고,`,
  foldedBias: (bias: string, mean: string, factor: string, beta: string, result: string) =>
    `편향은 (b − μ)·γ/√(σ² + ε) + β = (${bias} − ${mean})·${factor} + ${beta} = ${result}입니다.`,
  stored: "저장된 커널",
  normalised: "정규화",
  formula: "식",
  gates: "게이트",
  recurrent: {
    state: "(1 − 갱신) · 후보 + 갱신 · 이전 상태",
    candidate: "이전 상태에서 오는 값과 그 편향에는 재설정 게이트가 곱해집니다.",
    output: "출력 · tanh(셀)",
    cell: "입력 · 후보 + 망각 · 이전 셀",
  },
  becomes: "이 값이 어떻게 되는가",
  wins: "창에서 가장 큰 값",
  loses: "창에서 가장 큰 값이 아님",
  readBy: (layer: string, count: number) => `${layer} 층이 값 ${count}개를 만들 때 읽음:`,
  moreReaders: (count: number) => `${count}개 더 보기`,
  goTo: "위치로 이동",
  open: "열기",
  axes: (count: number): string[] =>
    count === 1 ? ["유닛"] : count === 3 ? ["행", "열", "특징맵"] : ["위치"],
  outside: (layer: string, place: string, shape: readonly number[]) =>
    `${layer} 층에는 "${place}" 위치의 값이 없습니다. 범위: ` +
    (shape.length === 3
      ? `행 0–${shape[0] - 1}, 열 0–${shape[1] - 1}, 특징맵 0–${shape[2] - 1}.`
      : `${shape.map((length) => `0–${length - 1}`).join(", ")}.`),
  notAmong: (layer: string, place: string) => `${layer} [${place}] 값은 이 값을 읽지 않습니다.`,
  table: (count: number) => `모든 항을 표로: ${count}개`,
  sorted: "정렬",
  orders: { size: "크기", most: "가장 높이는 순", least: "가장 낮추는 순", order: "더하는 순서" },
  search: "찾기",
  shown: (first: number, last: number, found: number, all: number) =>
    found === 0
      ? `${all}개 중 없음`
      : `${found}개 중 ${first}–${last}${found < all ? ` (전체 ${all}개)` : ""}`,
  before: "이전",
  after: "다음",
  bias: "편향",
  added: "더해지는 수",
  value: "읽은 값",
  factor: "× 계수",
  product: "곱",
  place: "자리",
  sum: "항들의 합 (배정밀도)",
  again: "배정밀도로 다시 계산한 값",
  engine: "엔진의 값 (float32)",
  read: "보이는 값 (배정밀도)",
  difference: "차이",
  units: (steps: number, rounded: boolean) =>
    steps === 0
      ? "없음: 같은 float32 값"
      : steps === 1
        ? "float32 한 칸: 엔진은 단계마다 반올림합니다"
        : !rounded
          ? "▲ 반올림으로 설명되지 않는 차이입니다: 항들로 엔진의 값이 나오지 않습니다"
          : steps > 1e6
            ? "항들이 거의 상쇄되어, 남은 것은 엔진의 반올림입니다"
            : `float32 ${steps}칸: 엔진은 단계마다 반올림합니다`,
};
