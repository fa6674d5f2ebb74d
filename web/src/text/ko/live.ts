export const live = {
  bar: "학습 진행",
  state: {
    waiting: "첫 가중치를 기다리는 중",
    running: "따라가는 중",
    paused: "학습 일시 정지",
    ended: "학습이 끝남",
    lost: "실험실이 응답하지 않음",
  },
  held: "붙잡아 둠",
  inEpoch: (epoch: string, step: string) => `에포크 ${epoch}, 걸음 ${step}`,
  afterEpoch: (epoch: string) => `에포크 ${epoch}의 모델`,
  unknown: "학습한 가중치",
  ago: {
    seconds: (count: number) => `${count}초 전`,
    minutes: (count: number) => `${count}분 전`,
    hours: (count: number) => `${count}시간 전`,
  },
  now: (place: string) => `지금 학습은 ${place}`,
  hold: "이 순간 붙잡기",
  follow: "다시 따라가기",
  changed: "여기서 신경망을 바꾼 동안 붙잡아 둠",
  failed: (why: string) => `새 가중치가 오지 않아 지금 것이 그대로 남음: ${why}`,
};
