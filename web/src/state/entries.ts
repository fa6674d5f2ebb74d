/** What of the page's state is in its address; views add their own. */

import { CHAPTERS } from "../lecture/parts";
import { LANGUAGES, type Language } from "../text/index";
import { RIGHT } from "../engine/centre_loss";
import { trainedWeights } from "../engine/step";
import { Address, type Entry, wholeNumber } from "./address";
import type { PageState, Place, View } from "./page.svelte";
import type { Back } from "./backwards.svelte";
import { redo, writtenChanges } from "./changes";
import { isInside } from "./place";
import { METHODS } from "./why.svelte";
import { MOST, packed, unpacked } from "./pixels";

/** Opened values that an address keeps, the last ones. */
const DEEPEST = 40;

export const address = new Address<PageState>();

const picture: Entry<PageState> = {
  key: "sample",
  write: ({ origin }) => (origin.kind === "sample" && origin.index > 0 ? [`${origin.index}`] : []),
  read(page, [text]) {
    const index = wholeNumber(text ?? "0", page.data.samples.names.length);
    const { origin } = page;
    if (index === null || (origin.kind === "sample" && origin.index === index)) return;
    page.takeSample(index);
  },
};

const drawn: Entry<PageState> = {
  key: "pixels",
  write: ({ origin, pixels }) =>
    origin.kind !== "sample" && pixels.length <= MOST
      ? [packed(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))]
      : [],
  read(page, [text]) {
    const noise = page.data.model.generated !== undefined;
    const size = (noise ? 4 : 1) * page.imageSize;
    const pixels = text === undefined || page.imageSize > MOST ? null : unpacked(text, size);
    const taken = pixels && noise ? new Float32Array(pixels.buffer) : pixels;
    if (taken?.every(Number.isFinite)) page.take(taken, { kind: "drawn" });
  },
  lacks: ({ origin, pixels }) => origin.kind !== "sample" && pixels.length > MOST,
};

const truth: Entry<PageState> = {
  key: "truth",
  write: (page) => (page.truth === null || page.truth === page.knownTruth ? [] : [`${page.truth}`]),
  read(page, [text]) {
    page.truth = wholeNumber(text, page.names.length) ?? page.knownTruth;
  },
};

const open: Entry<PageState> = {
  key: "open",
  write: ({ path }) => path.slice(-DEEPEST).map(({ layer, at }) => `${layer}:${at.join(",")}`),
  read(page, texts) {
    const path = texts.slice(-DEEPEST).map((text) => placeOf(page, text));
    page.path = path.includes(null) ? [] : (path as Place[]);
  },
};

const view: Entry<PageState> = {
  key: "view",
  write: (page) => (page.view === page.views[0] ? [] : [page.view]),
  read(page, [text]) {
    page.view = page.views.includes(text as View) ? (text as View) : page.views[0];
  },
};

const networkView: Entry<PageState> = {
  key: "network",
  write: (page) => (page.networkView === "flat" ? [] : [page.networkView]),
  read(page, [text]) {
    page.networkView = text === "space" ? "space" : "flat";
  },
};

const language: Entry<PageState> = {
  key: "language",
  write: (page) => (page.language === page.firstLanguage ? [] : [page.language]),
  read(page, [text]) {
    page.language =
      text !== undefined && Object.hasOwn(LANGUAGES, text)
        ? (text as Language)
        : page.firstLanguage;
  },
};

const chapter: Entry<PageState> = {
  key: "chapter",
  write: (page) => (page.chapter === CHAPTERS[0] ? [] : [page.chapter]),
  read(page, [text]) {
    page.chapter = CHAPTERS.find((known) => known === text) ?? CHAPTERS[0];
  },
};

/** Opened gradients, of values `v:layer:1,2,3` and of weights `w:conv1.kernel:0,0,0,1`. */
const gradient: Entry<PageState> = {
  key: "gradient",
  write: ({ backwards }) =>
    backwards.path
      .slice(-DEEPEST)
      .map(({ kind, name, at }) => `${kind === "value" ? "v" : "w"}:${name}:${at.join(",")}`),
  read(page, texts) {
    const path = texts.slice(-DEEPEST).map((text): Back | null => {
      const kind = text.startsWith("w:") ? "weight" : "value";
      const trained = trainedWeights(page.network);
      const found = text.startsWith("v:")
        ? placeOf(page, text.slice(2))
        : placeIn(
            (name) => (trained.includes(name) ? page.network.weightShape(name) : undefined),
            text.slice(2),
          );
      return found && { kind, name: found.layer, at: found.at };
    });
    page.backwards.path = path.includes(null) ? [] : (path as Back[]);
  },
};

/** What is right, of labels, numbers and boxes. */
const wanted: Entry<PageState> = {
  key: "wanted",
  write: ({ backwards }) => (backwards.wanted ? [backwards.wanted.join(",")] : []),
  read(page, [text]) {
    const parts = text === "" ? [] : text?.split(","); // no boxes
    const numbers = parts?.map((part) => (part.trim() ? Number(part) : Number.NaN));
    const { boxes, names } = page.data.model;
    const count = page.data.graph.reading.shape[0];
    const fits = (found: number[]): boolean =>
      boxes
        ? found.length % RIGHT === 0 && found.every((n, k) => k % RIGHT < 4 || n in names)
        : found.length === count;
    const good = numbers && numbers.every(Number.isFinite) && fits(numbers);
    page.backwards.wanted = good ? numbers : null;
  },
};

const rate: Entry<PageState> = {
  key: "rate",
  write: ({ backwards, data }) =>
    backwards.rate === data.learner.learning_rate ? [] : [`${backwards.rate}`],
  read(page, [text]) {
    const found = text === undefined || !/^\d/.test(text) ? NaN : Number(text);
    page.backwards.rate = Number.isFinite(found) ? found : page.data.learner.learning_rate;
  },
};

/** How the answer is explained; `occlusion!` where patches are covered. */
const why: Entry<PageState> = {
  key: "why",
  write: ({ why: { method, covering } }) =>
    method === "evidence" ? [] : [method === "occlusion" && covering ? "occlusion!" : method],
  read(page, [text]) {
    const found = METHODS.find((method) => method === text?.replace(/!$/, ""));
    page.why.covering = text === "occlusion!";
    page.why.method =
      found === undefined || (found === "cam" && !page.data.graph.cam) ? METHODS[0] : found;
  },
};

const over: Entry<PageState> = {
  key: "over",
  write: (page) => (page.why.over ? ["1"] : []),
  read(page, [text]) {
    page.why.over = text === "1";
  },
};

/** Recognizers have a class more than words: the blank. */
const extra = (page: PageState): number => (page.data.model.steps ? 1 : 0);

/** Of a recognizer's page: the step that is looked at. */
const step: Entry<PageState> = {
  key: "step",
  write: ({ steps }) => (steps.chosen === null ? [] : [`${steps.chosen}`]),
  read(page, [text]) {
    page.steps.chosen = page.data.model.steps ? wholeNumber(text, page.steps.count) : null;
  },
};

/** The answer that is explained, and the one that it is compared with. */
const target: Entry<PageState> = {
  key: "for",
  write: ({ why: { target: place } }) => (place === null ? [] : [`${place}`]),
  read(page, [text]) {
    const { boxes, names } = page;
    page.why.target = wholeNumber(
      text,
      page.data.model.boxes ? boxes.channels : names.length + extra(page),
    );
  },
};

const against: Entry<PageState> = {
  key: "against",
  write: ({ why: { against: place } }) => (place === "next" ? [] : [`${place ?? "nothing"}`]),
  read(page, [text]) {
    const count = page.data.model.boxes ? page.boxes.channels : page.names.length + extra(page);
    page.why.against = text === "nothing" ? null : (wholeNumber(text, count) ?? "next");
  },
};

/** Of a detector's page: the box that is looked at, and from which probability on they are shown. */
const box: Entry<PageState> = {
  key: "box",
  write: ({ boxes }) => (boxes.number > 0 ? [`${boxes.number}`] : []),
  read(page, [text]) {
    page.boxes.number = wholeNumber(text, page.data.model.boxes?.most ?? 0) ?? 0;
  },
};

/** Of a captioner's page: the word that the network is shown for. */
const word: Entry<PageState> = {
  key: "word",
  write: ({ captions }) => (captions && captions.number > 0 ? [`${captions.number}`] : []),
  read({ captions }, [text]) {
    const number = wholeNumber(text ?? "0", captions?.words.length ?? 0) ?? 0;
    if (captions && number !== captions.number) captions.choose(number);
  },
};

/** Whether all proposals are drawn. */
const proposals: Entry<PageState> = {
  key: "proposals",
  write: ({ boxes }) => (boxes.proposals ? ["1"] : []),
  read(page, [text]) {
    page.boxes.proposals = text === "1" && page.boxes.proposing !== null;
  },
};

const least: Entry<PageState> = {
  key: "least",
  write: ({ boxes }) => (boxes.least === boxes.first ? [] : [`${boxes.least}`]),
  read(page, [text]) {
    const found = text === undefined || !/^[01](\.\d+)?$/.test(text) ? NaN : Number(text);
    page.boxes.least = found >= 0 && found <= 1 ? found : page.boxes.first;
  },
};

/** Surgery and steps; read last, as steps are taken for the picture and what is right of it. */
const change: Entry<PageState> = {
  key: "change",
  write: (page) => [...(page.surgery.pending ?? writtenChanges(page) ?? [])],
  read(page, texts) {
    const now = page.surgery.pending ?? writtenChanges(page);
    if (texts.length !== now?.length || texts.some((text, k) => text !== now[k])) {
      void redo(page, texts);
    }
  },
  lacks: (page) => writtenChanges(page) === null,
};

/** Of a training that is shown again: the epoch. Read before changes of the network. */
const epoch: Entry<PageState> = {
  key: "epoch",
  write: ({ replay }) => (replay && replay.shown !== "model" ? [`${replay.shown}`] : []),
  read({ replay }, [text]) {
    if (!replay) return;
    const shown = wholeNumber(text, Infinity);
    const found = shown !== null && replay.epochs.includes(shown) ? shown : "model";
    if (found !== replay.shown) replay.show(found);
  },
};

/** What was learned here is in no address; a training that the page follows goes on elsewhere. */
const learned: Entry<PageState> = {
  key: "learned",
  write: () => [],
  read: () => undefined,
  lacks: (page) => (page.learned && !page.live && !page.replay) || page.classes !== null,
};

address.add(
  epoch,
  picture,
  drawn,
  word,
  truth,
  wanted,
  rate,
  open,
  gradient,
  view,
  chapter,
  networkView,
  language,
);
address.add(box, step, least, proposals, why, over, target, against, change, learned);

/** A layer and a position in it, `name:1,2,3`; none if there is no such value. */
function placeOf(page: PageState, text: string): Place | null {
  return placeIn((layer) => page.shapeOf(layer), text);
}

/** A position in an array that has a name; none if there is no such array, or it lies outside. */
function placeIn(
  shapeOf: (name: string) => readonly number[] | undefined,
  text: string,
): Place | null {
  const found = /^([^]+):(\d{1,9}(?:,\d{1,9})*)$/.exec(text);
  if (!found) return null;
  const [layer, at] = [found[1], found[2].split(",").map(Number)];
  const shape = shapeOf(layer);
  return shape && isInside(at, shape) ? { layer, at } : null;
}
