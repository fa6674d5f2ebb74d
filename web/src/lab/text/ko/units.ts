/** What the server says errors are measured in. */
export const UNITS: Record<string, string> = {
  "standard deviations": "표준편차",
  "boxes missed or wrong": "개의 놓치거나 틀린 상자",
  "of the words are in no caption": "의 낱말이 어느 설명에도 없음",
  "words wrong, missing or too many": "개의 틀리거나 빠지거나 남는 낱말",
};
