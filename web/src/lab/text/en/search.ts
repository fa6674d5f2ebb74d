/** What the server looks for while the page waits. */
export const search = {
  failed: (line: string) => `This cannot be shown: ${line}`,
  waiting: "waiting for another computation to finish",
  progress: "how far it is",
  stop: "Stop",
  stopped: "Stopped.",
  again: "Look again",
  none: "There are none of these.",
};
