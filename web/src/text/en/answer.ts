export const answer = {
  title: "Answer",
  more: (count: number) => `and ${count} others`,
  right: "right",
  rather: (best: string, next: string, lead: string) =>
    `${best} rather than ${next}: its logit leads by ${lead}, because of`,
};
