export const boxes = {
  title: "상자",
  found: (count: number) => (count ? `상자 ${count}개를 찾았습니다` : "찾은 상자가 없습니다"),
  none: (least: string) => `확률이 ${least} 이상인 상자가 없습니다.`,
  least: (least: string) => `${least} 이상만 표시`,
  click:
    "목록이나 그림에서 상자를 누르면 그 상자를 찾은 로짓이 열리고, 거리를 누르면 그 거리가 나온 출력이 열립니다.",
  point: "상자 안을 누르면 그 상자가 열립니다.",
  open: (row: number, column: number) =>
    `행 ${row}, 열 ${column} 칸에 있는 이 클래스의 로짓을 엽니다`,
  cell: (row: number, column: number) =>
    `행 ${row}, 열 ${column} 칸에서 찾았습니다. 칸의 가운데에서 각 변까지의 화소 수:`,
  sides: ["왼쪽", "위쪽", "오른쪽", "아래쪽"],
  distance: (side: string) => `${side} 변까지의 거리가 나온 출력을 엽니다`,
  edge: (side: string) => `${side} 변까지의 거리`,
  why: "왜 여기인가",
  box: "상자",
  logit: (name: string, row: number, column: number) => `행 ${row}, 열 ${column} 칸의 ${name} 로짓`,
  logarithm: (side: string, stride: number) =>
    `${side} 변까지의 거리의 로그 (${stride}화소짜리 칸 단위)`,
  parts: ["왼쪽 변", "위쪽 변", "오른쪽 변", "아래쪽 변", "확률", "클래스의 번호"],
  number: (box: number, part: string) => `상자 ${box}: ${part}`,
  right: (count: number) => `점선: 정답 상자 ${count}개.`,
  inSample: (count: number) => (count ? `상자 ${count}개` : "상자 없음"),
};
