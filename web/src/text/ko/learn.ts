/** 데이터의 부분. 다른 이름은 사용자가 지은 것이다. */
const PARTS: Record<string, string> = {
  train: "학습용",
  validation: "검증용",
  test: "평가용",
};

const part = (name: string): string => PARTS[name] ?? name;

export const learn = {
  title: "학습",
  about: (count: string, judged: string, name: string) =>
    `신경망이 아는 것을 모두 잊고 이 페이지 안에서 그림 ${count}장을 처음부터 다시 배웁니다. 배우는 데 쓰지 않는 다른 그림 ${judged}장(${part(name)})으로 얼마나 배웠는지 재고, 지금까지 배운 것이 모든 특징맵과 답에 나타납니다.`,
  ownAbout: (count: string, judged: string) =>
    `직접 넣은 그림 ${count}장을 배우고, 배우지 않은 나머지 ${judged}장으로 얼마나 배웠는지 잽니다.`,
  start: "시작",
  goOn: "계속",
  pause: "일시 정지",
  step: "한 걸음",
  epoch: "한 에포크",
  again: "잊고 처음으로",
  seed: "시드",
  epochs: "에포크 수",
  rate: "학습률",
  ratePeak: (rate: string) => `최대 ${rate}`,
  status: {
    new: "시작 전",
    opening: "준비 중…",
    running: "학습 중",
    paused: "일시 정지",
    done: "끝남",
    failed: "중단됨",
  },
  place: (epoch: number, of: number, step: number, steps: number) =>
    `에포크 ${epoch}/${of}, 걸음 ${step}/${steps}`,
  speed: (count: string) => `1초에 그림 ${count}장`,
  diverged: "손실이 끝없이 커졌습니다. 학습률을 낮추고 다시 시작하세요.",
  failed: (why: string) => `학습이 중단되었습니다: ${why}`,
  loss: "손실",
  accuracy: "배우지 않은 그림에 대한 정확도",
  accuracyOf: (epoch: number, share: string, from: string, to: string, count: string) =>
    `에포크 ${epoch}까지 배운 뒤: ${count}장 가운데 ${share} 맞음, 95 % 신뢰구간 ${from}–${to}`,
  notJudged: "지금 보이는 신경망은 재지 않았습니다. 아래에서 에포크를 고르세요.",
  ofSteps: "배운 그림(평활)",
  ofEpochs: "배우지 않은 그림",
  epochAxis: "에포크",
  kernels: (layer: string) => `${layer}의 커널`,
  forming: "지금 배우는 중",
  shown: "페이지가 보여 주는 것",
  delivered: "처음 받은 신경망",
  afterEpoch: (epoch: number) =>
    epoch === 0 ? "첫 걸음을 떼기 전의 신경망" : `에포크 ${epoch}까지 배운 신경망`,
  scrub: "페이지에 보일 에포크",
  back: "처음 받은 신경망으로 돌아가기",
  numbers: "숫자로 보기",
  columns: {
    epoch: "에포크",
    loss: "손실(배운 그림)",
    judgedLoss: "손실(배우지 않은 그림)",
    accuracy: "정확도",
    interval: "95 % 신뢰구간",
    rate: "학습률",
  },
  save: "이 신경망 저장 (.safetensors)",
  savePictures: "그림 저장 (.npz)",
  repeat: "파이썬으로 되풀이하기",
  repeatHow:
    "그림과 첫 걸음을 떼기 전의 신경망, 두 파일을 한 폴더에 두고 아래 명령을 쓰면 비트까지 똑같은 가중치를 배웁니다.",
  saveFirst: "처음 가중치 저장 (.safetensors)",
  changed:
    "도중에 학습률을 바꾸었거나 클래스마다 가중치가 달라서 명령 하나로 되풀이할 수 없습니다.",
  own: {
    title: "내 그림으로 배우기",
    about: (most: number) =>
      `클래스를 2개에서 ${most}개까지 이름 짓고 저마다 그림을 넣으세요. 파일이나 폴더를 통째로 끌어다 놓거나, 입력에서 그리거나 카메라로 찍은 그림을 가져올 수 있습니다. 클래스마다 다섯째 그림은 평가용으로 남겨 둡니다. 그림은 이 컴퓨터를 떠나지 않습니다.`,
    aboutExactly: (count: number) =>
      `이 신경망의 출력 수와 같은 ${count}개의 클래스를 이름 짓고 저마다 그림을 넣으세요. 파일이나 폴더를 통째로 끌어다 놓거나, 입력에서 그리거나 카메라로 찍은 그림을 가져올 수 있습니다. 클래스마다 다섯째 그림은 평가용으로 남겨 둡니다. 그림은 이 컴퓨터를 떠나지 않습니다.`,
    class: (place: number) => `클래스 ${place}`,
    name: (place: number) => `클래스 ${place}의 이름`,
    addClass: "클래스 더하기",
    removeClass: (name: string) => `클래스 ${name} 빼기`,
    count: (pictures: number) => `그림 ${pictures}장`,
    remove: (name: string) => `${name} 빼기`,
    files: "그림 고르기…",
    folder: "폴더 고르기…",
    take: "입력의 그림 가져오기",
    input: "입력에서 가져온 그림",
    use: "이 그림들로 배우기",
    packed: "페이지에 든 그림으로 돌아가기",
    reading: (count: number) => `읽는 중, ${count}장 남음…`,
    between: (most: number) => `이 신경망은 클래스를 2개에서 ${most}개까지 구별합니다.`,
    exactly: (count: number) => `이 신경망은 정확히 ${count}개의 클래스를 구별합니다.`,
    named: "클래스마다 서로 다른 이름을 붙이세요.",
    few: (name: string) => `${name}: 그림을 두 장 이상 넣으세요.`,
    ready: "이 그림들로 배울 수 있습니다.",
    used: "위의 시작을 누르면 이 그림들을 배웁니다. 그림을 바꾸면 다시 누르세요.",
    leftOut: (count: number) => `${count}장은 넣지 못함`,
    full: "그림을 더 넣을 자리가 없습니다",
  },
  altered: "그 뒤 수술이나 한 걸음으로 바뀜",
};
