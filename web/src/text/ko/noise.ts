import type { Catalogue } from "../index";

export const noise: Catalogue["noise"] = {
  title: "생성된 그림",
  made: (size) => `생성기가 만드는 그림, ${size} 화소`,
  level: (row, column) => `${row}행 ${column}열의 화소`,
  fresh: "새 잡음",
  way: "다른 그림으로 가기",
  share: "처음 그림에서 다른 그림까지",
  directions: "잡음의 방향",
  about: "첫 층을 가장 크게 바꾸는 방향입니다. 1은 잡음 한 수의 표준편차만 한 걸음입니다.",
  direction: (number) => `방향 ${number}`,
  back: "모두 0으로",
};
