import { attach } from "./particle";

export const boxes = {
  title: "상자",
  found: (count: number) => (count ? `상자 ${count}개를 찾았습니다` : "찾은 상자가 없습니다"),
  none: (least: string) => `확률이 ${least} 이상인 상자가 없습니다.`,
  least: (least: string) => `${least} 이상만 표시`,
  click:
    "목록이나 그림에서 상자를 누르면 그 상자를 찾은 로짓이 열리고, 거리를 누르면 그 거리가 나온 출력이 열립니다.",
  point: "상자 안을 누르면 그 상자가 열립니다.",
  clickRegions:
    "목록이나 그림에서 상자를 누르면 그 상자를 찾은 로짓이 열립니다. 파선은 상자를 찾은 영역입니다.",
  without:
    "손실의 기울기와 강의는 여기에 없습니다. pellucid backward와 pellucid lecture가 보여 줍니다.",
  noLecture: "강의는 여기에 없습니다. pellucid lecture가 그림 하나로 보여 줍니다.",
  open: (output: string) => `${attach(output, "을/를")} 엽니다`,
  cell: (row: number, column: number) =>
    `행 ${row}, 열 ${column} 칸에서 찾았습니다. 칸의 가운데에서 각 변까지의 화소 수:`,
  regionOf: (region: number, anchor: string) =>
    `영역 ${region}에서 찾았습니다 (${anchor}). 영역 가운데에서 떨어진 화소 수와 크기:`,
  anchor: (width: string, height: string, row: number, column: number) =>
    `행 ${row}, 열 ${column} 칸 둘레의 ${width}×${height}화소 앵커를 옮기고 늘인 것`,
  region: (region: number) => `영역 ${region}`,
  inRegion: (words: string, region: number) => `영역 ${region}: ${words}`,
  logitOf: (name: string) => `${name} 로짓`,
  background: "배경",
  numbers: ["가운데 (가로)", "가운데 (세로)", "너비", "높이"],
  proposal: "영역",
  cells: "영역의 칸",
  proposals: "모든 제안 영역",
  now: (before: number, after: number) => `표시된 상자: 전 ${before}개, 지금 ${after}개.`,
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
