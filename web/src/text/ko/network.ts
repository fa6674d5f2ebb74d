export const network = {
  title: "신경망",
  scale: (low: string, high: string) => `${low}부터 ${high}까지`,
  map: (layer: string, channel: number) => `${layer}의 특징맵 ${channel}`,
};
