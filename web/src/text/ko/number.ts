export const number = {
  nothing: "특징맵의 숫자나 답을 누르세요.",
  back: "뒤로",
  bias: "편향",
  added: "더해지는 수",
  value: "읽은 값",
  factor: "× 계수",
  product: "곱",
  place: "자리",
  sum: "합",
  engine: "엔진의 값",
};
