import type { Problem } from "../../pictures/problem";

const counted = (count: number): string => `${Math.round(count / 1e4).toLocaleString("ko")}만`;

/** 그림을 주지 않았을 때 페이지에 드는 것. */
const MADE: Record<string, string> = { noise: "잡음", grey: "회색" };

export const input = {
  title: "입력",
  ways: "그림을 어디서 가져올지",
  way: { samples: "예시", draw: "그리기", picture: "사진·그림", camera: "카메라" },
  samples: "이 페이지에 든 그림",
  recordings: "이 페이지의 녹음",
  heard: "소리를 듣는 신경망입니다. 녹음은 신경망이 보는 그림으로 표시되며, 사진은 받지 않습니다.",
  truth: (name: string) => `정답: ${name}`,
  noLabels: "해당하는 레이블 없음",
  made: (name: string) => MADE[name] ?? name,

  best: "답:",
  seen: (size: string) => `신경망이 보는 그림, ${size} 화소`,
  pixels: (seen: string) => `${seen}. 화살표 키로 옮기고 Enter로 화소를 엽니다`,
  point: "화소를 가리키면 값이 보이고, 누르면 열립니다.",
  at: (row: number, column: number) => `${row}행 ${column}열`,
  field: (rows: number, columns: number) => `점선: 열어 본 값이 의존하는 ${columns}×${rows} 화소.`,
  channels: ["빨강", "초록", "파랑"],
  table: "화소를 표로 보기",

  sheet: "그림판",
  drawKeys: "여기에 그리세요. 키보드로는 화살표로 옮기고 스페이스로 펜을 대거나 뗍니다.",
  penDown: "펜을 댐",
  penUp: "펜을 뗌",
  undo: "되돌리기",
  clear: "지우기",
  eraser: "지우개",
  plain: "그린 그대로 (키우거나 가운데로 옮기지 않음)",

  file: "그림 파일 고르기…",
  drop: "페이지 아무 데나 끌어다 놓거나 붙여 넣어도 됩니다. 그림은 이 컴퓨터를 떠나지 않습니다.",
  dropHere: "그림을 여기에 놓으세요",
  exchange: "검은색과 흰색 바꾸기",
  reading: (name: string) => `${name} 읽는 중…`,
  problem: (problem: Problem): string => {
    switch (problem.kind) {
      case "none":
        return "파일이 아닙니다. PNG나 JPEG 같은 그림 파일을 놓으세요";
      case "sound":
        return "소리를 듣는 신경망이라 그림을 받지 않습니다. 녹음으로 페이지를 만드세요: pellucid page MODEL RECORDINGS";
      case "empty":
        return "빈 파일입니다. 그림 파일을 고르세요";
      case "unknown":
        return "이 브라우저가 읽을 수 있는 그림이 아닙니다. PNG나 JPEG로 바꾸세요";
      case "damaged":
        return "그림이 손상되었거나 잘렸습니다. 다른 사본을 고르세요";
      case "large":
        return `${problem.width}×${problem.height} 화소는 너무 많습니다. ${counted(problem.most)} 화소까지 읽으니 줄여 주세요`;
      case "heavy":
        return `${counted(problem.bytes)} 바이트는 너무 큽니다. ${counted(problem.most)} 바이트까지 읽으니 줄여 주세요`;
      case "deep":
        return "값 하나가 8비트를 넘어 브라우저로는 읽을 수 없습니다. pellucid predict를 쓰세요";
    }
  },

  camera: "카메라 화면",
  startCamera: "카메라 켜기",
  stopCamera: "카메라 끄기",
  snapshot: "이 장면 멈추기",
  goOn: "계속",
  cameraStates: {
    off: "카메라가 꺼져 있습니다. 화면은 이 컴퓨터를 떠나지 않습니다.",
    asking: "이 페이지가 카메라를 쓰도록 허용해 주세요.",
    on: "카메라에 보이는 대로 신경망이 답합니다.",
    held: "이 장면에서 멈추었습니다.",
    unavailable: "여기서는 이 브라우저로 카메라를 쓸 수 없습니다.",
    refused: "카메라가 거부되었습니다. 브라우저에서 이 페이지에 허용한 뒤 다시 켜세요.",
    failed: "카메라가 켜지지 않습니다. 다른 프로그램이 쓰고 있을 수 있습니다.",
  },

  chooseTruth: "정답",
  noTruth: "모름",
  search: "클래스 이름 입력",
  noClass: "그런 클래스가 없습니다. 목록에서 고르세요.",
};
