export const live = {
  bar: "Training",
  state: {
    waiting: "waiting for the first weights",
    running: "live",
    paused: "paused",
    ended: "training has ended",
    lost: "the lab does not answer",
  },
  held: "held",
  inEpoch: (epoch: string, step: string) => `epoch ${epoch}, step ${step}`,
  afterEpoch: (epoch: string) => `the model, of epoch ${epoch}`,
  unknown: "weights of the run",
  ago: {
    seconds: (count: number) => `${count} s ago`,
    minutes: (count: number) => `${count} min ago`,
    hours: (count: number) => `${count} h ago`,
  },
  now: (place: string) => `training is at ${place}`,
  hold: "Hold this moment",
  follow: "Follow again",
  changed: "held as long as the network is changed here",
  failed: (why: string) => `Newer weights did not come, these stay: ${why}`,
};
