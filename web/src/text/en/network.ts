export const network = {
  title: "The network",
  scale: (low: string, high: string) => `${low} to ${high}`,
  map: (layer: string, channel: number) => `map ${channel} of ${layer}`,
};
