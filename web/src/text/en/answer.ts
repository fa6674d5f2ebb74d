export const answer = {
  title: "Answer",
  more: (count: number) => `and ${count} others`,
  right: "right",
};
