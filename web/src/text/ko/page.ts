export const page = {
  first: "그림을 고르거나 그리세요. 숫자를 누르면 그 숫자가 어떻게 만들어졌는지 보입니다.",
  firstMade:
    "새 잡음을 뽑거나 슬라이더를 움직이세요. 화소를 누르면 그 값이 어떻게 만들어졌는지 보입니다.",
  firstHeard: "녹음을 고르세요. 숫자를 누르면 그 숫자가 어떻게 만들어졌는지 보입니다.",
  changed: (count: number) => `신경망이 ${count}번 바뀌어서 처음 받은 것과 다릅니다.`,
  untitled: "신경망",
  missing: (part: string) =>
    `페이지가 온전하지 않습니다. ${part} 부분이 없으니 파일을 다시 받으세요.`,
  damaged: (part: string) =>
    `페이지가 손상되었습니다. ${part} 부분을 읽을 수 없으니 파일을 다시 받으세요.`,
  failed: (why: string) => `페이지가 열리지 않습니다: ${why}`,
  opening: "신경망을 여는 중…",
  language: "언어",
  same: "파이썬 엔진과 비트까지 같음",
  apart: (share: string, layer: string) =>
    `파이썬 엔진과 가장 큰 출력의 ${share}만큼 다름, ${layer}에서 처음`,
  notInAddress: (parts: string) => `주소에 담기지 않아 복사한 링크로는 보이지 않는 것: ${parts}`,
  addressParts: {
    pixels: "그림 (너무 큼)",
    change: "신경망을 바꾼 것 (다른 그림으로 학습했거나 너무 많음)",
    learned: "여기서 학습한 가중치",
  },
  licences: "이 페이지에 쓰인 소프트웨어의 라이선스",
  before: "전",
  after: "후",
  logitBefore: "로짓, 전",
  logitAfter: "로짓, 후",
  change: "변화",
  tabs: "보기",
  views: {
    number: "숫자 열어 보기",
    backward: "거꾸로",
    why: "왜",
    learn: "학습",
    lecture: "강의",
  },
};
