/** The views of a page, in the order of their tabs; each view adds itself here. */

import type { Component } from "svelte";
import type { PageData } from "../engine/data";
import type { PageState, View } from "../state/page.svelte";
import BackwardView from "./backward/Backward.svelte";
import LectureView from "./lecture/Lecture.svelte";
import Training from "./replay/Training.svelte";
import NumberView from "./number/Number.svelte";
import WhyView from "./why/Why.svelte";

interface Registered {
  view: View;
  component: Component<{ page: PageState }>;
  /** Whether a page has it; left out: every page. */
  exists?: (data: PageData) => boolean;
}

/** Whether a network ends in one row of outputs, and neither finds boxes nor writes texts. */
const ofRow = ({ model }: PageData): boolean => !model.boxes && !model.steps;

/** Whether the page can compute the loss of a network that finds boxes: that of one stage. */
export const hasLoss = ({ learner }: PageData): boolean => learner.loss.kind === "centre_loss";

export const VIEWS: readonly Registered[] = [
  { view: "number", component: NumberView },
  {
    view: "backward",
    component: BackwardView,
    exists: (data) =>
      (ofRow(data) || hasLoss(data)) && !data.captions && data.model.task !== "generation",
  },
  { view: "why", component: WhyView, exists: (data) => !data.model.generated },
  {
    view: "lecture",
    component: LectureView,
    exists: (data) => ofRow(data) && !data.captions && !data.model.generated,
  },
  {
    view: "learn",
    component: Training,
    exists: (data) => data.learn !== null || Boolean(data.replay),
  },
];

/** The views that a page has, the one that it opens with first. */
export function viewsOf(data: PageData): View[] {
  return VIEWS.filter(({ exists }) => exists?.(data) ?? true).map(({ view }) => view);
}
