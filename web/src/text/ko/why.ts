import { attach } from "./particle";

/** 강의의 커널. */
const GALLERY: Record<string, string> = {
  sharpen: "선명하게",
  blur: "흐리게",
  "edge-enhance": "가장자리 강조",
  "edge-detect": "가장자리 찾기",
  emboss: "돋을새김",
  "sobel-x": "소벨 x (세로 가장자리)",
  "sobel-y": "소벨 y (가로 가장자리)",
};

export const why = {
  explain: "이렇게 답한 까닭",
  target: "근거를 볼 답",
  against: "비교할 답",
  nothing: "(비교하지 않음)",
  method: "방법",
  methods: { evidence: "근거", cam: "Grad-CAM", occlusion: "가려 보기" },
  about: {
    evidence:
      "점수에서 화소마다 차지하는 몫입니다. 화소의 몫과 각 층이 더하는 값을 모두 더하면 점수가 됩니다.",
    cam: (layer: string) =>
      `${layer}의 특징맵이 점수를 높이는 곳입니다. 특징맵마다 평균 기울기를 곱해 더하고 음수는 버립니다.`,
    occlusion: (size: string) =>
      `${size} 화소의 조각을 학습 그림의 평균으로 가렸을 때 점수가 떨어지는 정도입니다.`,
  },
  score: (name: string) => `${name}의 로짓`,
  lead: (name: string, other: string) => `${name}의 로짓 − ${other}의 로짓`,
  pixels: "화소 전체",
  layer: (name: string) => `${attach(name, "이/가")} 더하는 값`,
  sum: "합",
  engine: "엔진의 점수",
  share: "몫",
  part: "부분",
  most: "점수를 가장 높인 화소(행, 열):",
  least: "점수를 가장 낮춘 화소:",
  pixel: (row: number, column: number) => `${row}, ${column}`,
  bent: (names: string) => `${names}: 어디서나 굽은 함수라서 이 그림에서의 접선으로 바꿈`,
  empty: (layer: string) => `${layer}에서는 모든 것이 점수를 낮춥니다. 보일 것이 없습니다.`,
  running: (share: string) => `조각을 가리는 중: ${share}`,
  stop: "멈추기",
  start: "조각 가려 보기",
  for: "높임",
  not: "낮춤",
  over: "그림 위에",
  heat: (method: string) => `${method}, 그림과 같은 크기`,
  surgery: "수술",
  surgeryAbout: "한 가지만 바꾸고 답이 어떻게 달라지는지 보세요. 모두 되돌릴 수 있습니다.",
  setByWords: (layers: string[]) =>
    `${layers.join(", ")} 층은 바꿀 수 없습니다. 캡션의 단어마다 그 가중치가 정해집니다.`,
  muteMap: "특징맵 끄기",
  editKernel: "커널 바꾸기",
  swap: "풀링 바꾸기",
  layerName: "층",
  channel: "특징맵",
  kernel: "커널",
  own: "직접 쓰기",
  gallery: (name: string) => GALLERY[name] ?? name,
  input: (channel: number) => `입력 특징맵 ${channel}`,
  mute: "끄기",
  put: "넣기",
  swapped: (layer: string) => `${layer}: 최댓값과 평균을 맞바꿈`,
  edits: "바꾼 것",
  undo: "마지막 것 되돌리기",
  undoAll: "모두 되돌리기",
  muted: (layer: string, channel: number) => `${layer}의 특징맵 ${attach(channel, "을/를")} 0으로`,
  replaced: (layer: string, channel: number, name: string) =>
    `${layer}의 커널 ${attach(channel, "을/를")} ${attach(name, "으로/로")}`,
  stepped: (rate: string) => `경사 하강 한 걸음, 학습률 ${rate}`,
  oneSwap: "풀링은 한 번에 하나만 바꿀 수 있습니다. 되돌린 뒤 다른 것을 바꾸세요.",
};
