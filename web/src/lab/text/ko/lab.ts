export const lab = {
  title: "실험실",
  language: "언어",
  views: "보기",
  runs: "실행 목록",
  unreachable:
    "실험실이 응답하지 않습니다. pellucid lab 명령이 아직 실행 중인지 확인하세요. 이 페이지는 계속 연결을 시도합니다.",
  another:
    "실험실이 다시 시작되어 주소가 바뀌었습니다. pellucid lab 명령이 출력한 주소를 여세요. 아직 저장하지 못한 결정은 같은 포트의 새 페이지로 이어집니다.",
  problem: (line: string) => `보여 줄 수 없습니다: ${line}`,
};
