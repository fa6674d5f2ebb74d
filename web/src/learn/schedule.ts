/** How the learning rate changes, as `pellucid/training/schedules.py` has it. */

import type { ScheduleData } from "../engine/data";

/** What the peak rate is multiplied with at a step, counted from 0. */
export function factor(
  schedule: ScheduleData,
  step: number,
  stepsPerEpoch: number,
  epochs: number,
): number {
  const total = stepsPerEpoch * epochs;
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "step":
      return schedule.drop ** Math.floor(Math.floor(step / stepsPerEpoch) / schedule.every);
    case "cosine": {
      const rising = schedule.warmup * total;
      if (step < rising) return (step + 1) / (rising + 1);
      return halfCosine(1, 0, (step - rising) / (total - rising));
    }
    case "one-cycle": {
      const last = total - 1;
      const peak = schedule.rise * last;
      if (step < peak) return halfCosine(schedule.start, 1, step / peak);
      return halfCosine(1, schedule.end, (step - peak) / Math.max(last - peak, 1e-9));
    }
  }
}

function halfCosine(first: number, last: number, part: number): number {
  return last + ((first - last) * (1 + Math.cos(Math.PI * Math.min(part, 1)))) / 2;
}
