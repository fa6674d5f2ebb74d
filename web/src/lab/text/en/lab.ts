export const lab = {
  title: "Lab",
  language: "Language",
  views: "Views",
  runs: "Runs",
  unreachable: "The lab does not answer. Is pellucid lab still running? This page keeps trying.",
  another:
    "The lab was started again and has a new address. Open the address that pellucid lab printed; decisions that are not saved yet are taken over there, on the same port.",
  problem: (line: string) => `This cannot be shown: ${line}`,
};
