export const lab = {
  title: "실험실",
  language: "언어",
  views: "보기",
  runs: "실행 목록",
  unreachable:
    "실험실이 응답하지 않습니다. pellucid lab 명령이 아직 실행 중인지 확인하세요. 계속 다시 묻습니다.",
  problem: (line: string) => `보여 줄 수 없습니다: ${line}`,
};
