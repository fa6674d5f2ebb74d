export const answer = {
  title: "Answer",
  click:
    "A click on a class opens its logit, the sum that it is made of; a click on a reason opens " +
    "that value of the last layer's input.",
  bar: (name: string, logit: string) =>
    `${name}: its probability, made of all logits; a click opens its own logit, ${logit}`,
  number: (name: string) => `${name}: a click opens the sum that it is made of`,
  reason: (place: string, share: string) =>
    `${place} makes the lead larger by ${share}; a click opens this value`,
  more: (count: number) => `and ${count} ${count === 1 ? "other" : "others"}`,
  right: "right",
  wanted: (value: string) => `right: ${value}`,
  rather: (best: string, next: string, lead: string) =>
    `${best} rather than ${next}: its logit leads by ${lead}, because of`,
};
