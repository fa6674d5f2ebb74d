export const input = {
  title: "입력",
  samples: "이 페이지에 든 그림",
  sample: (name: string) => `${name} 고르기`,
  seen: (size: string) => `신경망이 보는 것, ${size} 화소`,
  truth: (name: string) => `정답: ${name}`,
};
