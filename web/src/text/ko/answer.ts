export const answer = {
  title: "답",
  more: (count: number) => `그 밖에 ${count}개`,
  right: "정답",
};
