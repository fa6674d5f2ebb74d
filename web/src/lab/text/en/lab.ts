export const lab = {
  title: "Lab",
  language: "Language",
  views: "Views",
  runs: "Runs",
  unreachable: "The lab does not answer. Is pellucid lab still running? It is asked again.",
  problem: (line: string) => `This cannot be shown: ${line}`,
};
