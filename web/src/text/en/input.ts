export const input = {
  title: "Input",
  samples: "Pictures in this page",
  sample: (name: string) => `Take ${name}`,
  seen: (size: string) => `what the network sees, ${size} pixels`,
  truth: (name: string) => `is: ${name}`,
};
