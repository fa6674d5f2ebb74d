/** The camera: its pictures as the network takes them, as fast as the network answers. */

import { tick } from "svelte";
import type { Preprocessing } from "../../engine/data";
import { fittedFrame } from "../../pictures/read";
import type { Origin, PageState } from "../../state/page.svelte";

/** Share of the time that answers may take, so that the page stays usable. */
const SHARE = 0.6;

export type CameraState = "off" | "asking" | "on" | "held" | "unavailable" | "refused" | "failed";

export class Camera {
  state = $state<CameraState>("off");
  private stream: MediaStream | null = null;
  private video: HTMLVideoElement | null = null;
  private timer = 0;
  private origin: Origin = { kind: "camera" };

  constructor(
    private readonly page: PageState,
    private readonly preprocessing: () => Preprocessing,
  ) {}

  /** Ask for the camera and answer what it shows. */
  async start(video: HTMLVideoElement): Promise<void> {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.state = "unavailable";
      return;
    }
    this.state = "asking";
    this.video = video;
    try {
      const wanted = { video: { facingMode: "environment", width: { ideal: 640 } } };
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      if (this.video !== video) return end(stream); // it was stopped meanwhile
      this.stream = stream;
      stream.getVideoTracks()[0].onended = () => this.stop();
      video.srcObject = stream;
      await video.play();
    } catch (error) {
      const stopped = this.video !== video;
      this.stop();
      if (!stopped) this.state = reasonOf(error);
      return;
    }
    this.origin = { kind: "camera" };
    this.go();
  }

  /** Keep the picture that is there, and its answer. */
  hold(): void {
    clearTimeout(this.timer);
    this.video?.pause();
    this.state = "held";
  }

  /** Go on after `hold`. */
  async goOn(): Promise<void> {
    await this.video?.play();
    this.origin = { kind: "camera" };
    this.go();
  }

  /** Take what is there once more, e.g. with black and white exchanged. */
  again(): void {
    if (this.stream) this.answer();
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.stream) end(this.stream);
    if (this.video) this.video.srcObject = null;
    this.stream = this.video = null;
    this.state = "off";
  }

  private go(): void {
    this.state = "on";
    void this.next();
  }

  private async next(): Promise<void> {
    if (this.state !== "on") return;
    const start = performance.now();
    this.answer();
    await tick();
    const took = performance.now() - start;
    const pause = Math.max(1000 / 60 - took, took * (1 / SHARE - 1));
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.next(), pause);
  }

  private answer(): void {
    if (!this.video?.videoWidth) return;
    this.page.take(fittedFrame(this.video, this.preprocessing()), this.origin);
  }
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function reasonOf(error: unknown): CameraState {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "unavailable" : "failed";
}
