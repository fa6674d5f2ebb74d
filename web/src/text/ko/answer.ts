export const answer = {
  title: "답",
  more: (count: number) => `그 밖에 ${count}개`,
  right: "정답",
  rather: (best: string, next: string, lead: string) =>
    `${next}이(가) 아니라 ${best}: 로짓이 ${lead}만큼 앞섭니다. 까닭:`,
};
