/** What the lab shows: the place, the runs, and the run that is watched. */

import type { Language } from "../text/index";
import { get } from "./api";
import type {
  Checking,
  EpochRow,
  Job,
  NewSteps,
  Progress,
  RunDetail,
  RunRow,
  StepRow,
} from "./data";
import { Decisions } from "./decisions.svelte";
import { type Place, read, write } from "./place";
import { Stream } from "./stream";
import { catalogues } from "./text/index";

/** The run that is watched. */
export class Watched {
  steps = $state.raw<StepRow[]>([]);
  history = $state.raw<EpochRow[]>([]);
  job = $state.raw<Job | null>(null);
  gone = $state(false);
  /** The run that it was trained on from; null: none, or it is not known. */
  readonly before: string | null;

  constructor(
    readonly id: string,
    readonly recipe: Record<string, unknown> | null,
    detail: RunDetail,
  ) {
    this.history = detail.history;
    this.job = detail.job;
    this.before = detail.before;
  }
}

export class LabState {
  language = $state<Language>("en");
  place = $state.raw<Place>({ view: "runs" });
  runs = $state.raw<RunRow[] | null>(null);
  progress = $state.raw<Record<string, Progress>>({});
  /** Trainings that were started here and are no run yet. */
  beginning = $state.raw<Job[]>([]);
  /** Trainings that were started here and of which no run came. */
  failed = $state.raw<Job[]>([]);
  watched = $state.raw<Watched | null>(null);
  /** What trainings learn from that are started here; null: none can be. */
  data = $state<string | null>(null);
  /** What cannot be shown, in the server's words. */
  problem = $state("");
  connected = $state(true);
  /** Whether another lab answers, to which this page's address does not belong. */
  another = $state(false);
  /** How far the check of the data is. */
  checking = $state.raw<Checking | null>(null);
  readonly decisions = new Decisions();

  readonly text = $derived(catalogues[this.language]);
  private readonly stream = new Stream((is, refused) => {
    this.connected = is;
    this.another = !is && refused === 403;
  });

  /** Show what the address names, and listen to what belongs to it. */
  async go(hash: string): Promise<void> {
    const place = read(hash);
    this.place = place;
    this.problem = "";
    this.watched = null;
    const all = {
      runs: (runs: RunRow[]) => (this.runs = runs),
      progress: (progress: Record<string, Progress>) => (this.progress = progress),
      beginning: (beginning: Job[]) => (this.beginning = beginning),
      failed: (failed: Job[]) => (this.failed = failed),
      checking: (checking: Checking) => (this.checking = checking),
      decisions: () => void this.decisions.load(),
    };
    if (place.view !== "run") {
      this.stream.listen("api/events", all);
      if (this.data === null) this.data = (await get<{ data: string | null }>("api/runs")).data;
      return;
    }
    try {
      const detail = await get<RunDetail>(`api/runs/${place.id}`);
      if (this.place !== place) return;
      const watched = new Watched(place.id, detail.recipe, detail);
      this.watched = watched;
      this.stream.listen(`api/events?run=${place.id}`, {
        ...all,
        history: (rows: EpochRow[]) => (watched.history = rows),
        steps: ({ fresh, rows }: NewSteps) =>
          (watched.steps = fresh ? rows : [...watched.steps, ...rows]),
        job: (job: Job) => (watched.job = job),
        gone: (gone: boolean) => (watched.gone = gone),
      });
    } catch (error) {
      if (this.place === place) this.problem = String((error as Error).message);
    }
  }

  show(place: Place): void {
    location.hash = write(place);
  }

  /** The row of the run that is watched. */
  get run(): RunRow | null {
    const { place } = this;
    return (place.view === "run" && this.runs?.find(({ id }) => id === place.id)) || null;
  }
}
