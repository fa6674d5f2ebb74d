export const speech = {
  title: "들은 말",
  nothing: "들은 말이 없습니다",
  said: "정답:",
  blank: "공백 기호",
  at: (from: string, to: string) => `${from}–${to}초`,
  open: (step: number) => `${step}번 시점의 로짓을 엽니다`,
  why: "왜 이 말인가",
  which: "들은 말",
  step: (step: number) => `${step}번 시점`,
  click: "누르면 그 말을 읽은 로짓이 열립니다.",
  over: (count: number) =>
    `시점 ${count}개의 확률: 왼쪽과 오른쪽 화살표로 움직이고, Enter는 가장 그럴듯한 것을 엽니다.`,
  about: (count: number) =>
    `시점 ${count}개, 각각 위 그림의 같은 시간 아래에 있고 한 줄이 한 클래스입니다. 선은 가장 그럴듯한 클래스입니다. 되풀이는 한 번만 세고, 공백 기호는 아무것도 쓰지 않습니다. 누르면 로짓이 열립니다.`,
  pointed: (name: string, step: number, second: string, share: string) =>
    `${step}번 시점(${second}초)의 ${name}: ${share}`,
  logit: (name: string, step: number) => `${step}번 시점의 ${name} 로짓`,
  share: (name: string, step: number) => `${step}번 시점의 ${name} 확률`,
};
