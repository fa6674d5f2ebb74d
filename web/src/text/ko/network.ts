import type { NodeData } from "../../engine/data";
import { attach } from "./particle";

/** 층의 종류. */
const KINDS: Record<string, string> = {
  add: "더하기",
  affine_grid: "아핀 격자",
  average_pool: "평균 풀링",
  batch_norm: "배치 정규화",
  channel_shuffle: "채널 섞기",
  channel_slice: "일부 채널",
  clip: "범위 자르기",
  concatenate: "이어 붙이기",
  conv2d: "합성곱",
  conv_transpose2d: "전치 합성곱",
  crop: "가장자리 잘라 내기",
  dense: "완전연결",
  dropout: "드롭아웃",
  embedding: "단어 임베딩",
  find_boxes: "상자 찾기",
  flatten: "펼치기",
  global_average_pool: "전역 평균 풀링",
  global_max_pool: "전역 최댓값 풀링",
  grid_sample: "격자 표본 추출",
  gate: "순환 유닛의 게이트",
  gru: "게이트 순환 유닛",
  hard_sigmoid: "하드 시그모이드",
  hard_swish: "하드 스위시",
  leaky_relu: "리키 ReLU",
  local_response_norm: "국소 응답 정규화",
  lstm: "장단기 메모리",
  matrix_product: "행렬곱",
  max_pool: "최댓값 풀링",
  multiply: "곱하기",
  normalise: "화소 정규화",
  pad: "패딩",
  perspective_divide: "원근 나눗셈",
  positive_gradient: "양의 기울기만 넘김",
  prelu: "PReLU",
  projective_grid: "투영 격자",
  relu: "ReLU",
  relu6: "ReLU6",
  rescale: "단위로 되돌리기",
  reshape: "모양 바꾸기",
  resize: "크기 바꾸기",
  roi_align: "영역 정렬 추출",
  roi_pool: "영역 풀링",
  sigmoid: "시그모이드",
  silu: "SiLU",
  softmax: "소프트맥스",
  subsample: "솎아 내기",
  tanh: "tanh",
};

function described({ kind, described: english, settings }: NodeData): string {
  const name = KINDS[kind];
  if (name === undefined) return english;
  const { depthwise, size, maps, stride, dilation, groups } = settings;
  const found = [
    [depthwise ? `깊이별 ${name}` : name, size, maps && `→ ${maps}`].filter(Boolean).join(" "),
    stride && `스트라이드 ${stride}`,
    dilation && `팽창 ${dilation}`,
    groups && `${groups}개 그룹`,
  ];
  return found.filter(Boolean).join(", ");
}

/** 값 하나의 함수가 하는 일. */
const WORDS: Record<string, string> = {
  clip: "x를 두 한계 사이로 자른 값",
  hard_sigmoid: "x/6 + 1/2, 0보다 작으면 0, 1보다 크면 1",
  hard_swish: "x 곱하기 x의 하드 시그모이드",
  leaky_relu: "x가 양수이면 x, 아니면 x의 작은 몫",
  prelu: "x가 양수이면 x, 아니면 x의 학습된 몫",
  relu: "max(0, x)",
  relu6: "max(0, x), 6보다 크면 6",
  sigmoid: "1/(1 + e^−x)",
  silu: "x/(1 + e^−x)",
  tanh: "tanh x",
};

export const network = {
  title: "신경망",
  described,
  words: ({ kind, words }: NodeData): string => (words && WORDS[kind]) || words,
  beyond: (value: string) => `▸ ${value}`,
  beyondAt: "색은 크기의 99.5 백분위수에서 끝납니다. ▸는 그보다 큰 값 가운데 가장 큰 값입니다",
  openLargest: (layer: string, value: string) => `▸ ${value}, ${layer}에서 가장 큰 값: 열어 보기`,
  sheet: (layer: string, what: string, shape: string) => `${layer}, ${what}, ${shape}`,
  keys:
    "화살표 키는 특징맵 안에서, Page Up과 Page Down은 특징맵 사이에서, Home과 End는 양 끝으로, M은 가장 큰 값으로 움직입니다. " +
    "Enter는 값을 열고, Tab은 다음 층으로 갑니다.",
  map: (channel: number) => `특징맵 ${channel}`,
  row: (row: number) => `행 ${row}`,
  column: (column: number) => `열 ${column}`,
  number: (place: number) => `${place}번 값`,
  unnamed: (output: number) => `출력 ${output}, 클래스 없음`,
  point: "숫자를 가리키거나 Tab으로 층에 가세요. 누르거나 Enter를 치면 열립니다.",
  reads: (count: number) => `읽는 값 ${count}개`,
  readBy: (count: number) => `이 값을 읽는 값 ${count}개`,
  strongest: (shown: number, all: number) => `${all}개 중 가장 큰 ${shown}개: 모두 ▸`,
  fewer: "줄이기",
  fold: (what: string) => `${what} 접기`,
  unfold: (what: string) => `${what} 펼치기`,
  foldAll: "모두 접기",
  unfoldAll: "모두 펼치기",
  layers: (count: number) => `층 ${count}개`,
  blocks: {
    add: "잔차 블록",
    dense: "밀집 블록의 층",
    concatenate: "이어 붙인 가지",
    multiply: "게이트",
    other: "가지",
  },
  stage: (resolution: string) => (resolution ? `${resolution} 단계` : "숫자"),
  branch: (index: number) => `가지 ${index}`,
  shortcut: "지름길 연결: 그대로 넘김",
  overview: "전체 보기: 층으로 가기",
  signs: "음수에 빗금",
  kernels: "커널",
  views: { flat: "평면", space: "3차원" },
  view: "신경망을 그리는 방법",
  kernelsOf: (layer: string) => `${layer}의 커널`,
  kernelShape: (shape: string) =>
    `${shape}: 행 × 열 × 입력 특징맵 × 특징맵. 한 줄이 특징맵 하나입니다`,
  kernelTo: "특징맵",
  kernelFrom: "입력 특징맵",
  kernel: (to: number, from: number) =>
    `입력 특징맵 ${from}에서 특징맵 ${attach(to, "으로/로")} 가는 커널`,
  biasOf: (value: string) => `편향 ${value}`,
  noKernels: "이 신경망에는 특징맵 위를 움직이는 커널이 없습니다.",
  numbers: "숫자",
  larger: (layer: string) => `${layer}의 특징맵 모두 크게`,
  drawn: "직접 그린 그림",
  save: "저장",
  saveAs: (what: string, format: string) => `${what}: ${format.toUpperCase()}`,
  whole: "신경망 전체",
  notSaved: (why: string) => `저장하지 못했습니다: ${why}`,
  noSpace: "이 브라우저는 여기서 3차원을 그리지 못합니다. 평면 보기에 모두 있습니다.",
  space: {
    label:
      "3차원으로 본 신경망: 화살표 키로 돌리고, 더하기와 빼기로 확대·축소하고, 0으로 되돌립니다. 모든 값은 평면 보기에 있습니다.",
    picture: "그림",
    closer: "가까이",
    further: "멀리",
    reset: "처음대로",
    hint: "끌어서 돌리기, Ctrl이나 ⌘와 휠로 확대·축소",
  },
};
