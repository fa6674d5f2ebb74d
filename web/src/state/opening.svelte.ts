/** Where a reader was when a value was opened, so that closing it leads back there. */

import { tick } from "svelte";
import type { View } from "./page.svelte";

interface Left {
  view: View;
  focus: HTMLElement | null;
  scroll: number;
}

/** Frames for which a view that is shown again may take to become as long as it was. */
const FRAMES = 30;

export class Opening {
  /** Whether what is opened was just asked for, and has to come into sight. */
  asked = $state(false);
  /** How far below the window's top it was touched last; 0 where that is of no matter. */
  touched = 0;
  private left: Left | null = null;

  constructor(private readonly page: { view: View }) {}

  /** Something is opened; `further`: from within what is opened already. */
  begin(further: boolean): void {
    const { activeElement } = document;
    if (!further || !this.left) {
      const focus = activeElement instanceof HTMLElement ? activeElement : null;
      this.left = { view: this.page.view, focus, scroll: window.scrollY };
    }
    this.asked = true;
  }

  /** Lead back to where it began; to be called before what is opened goes, done when that is gone. */
  async end(): Promise<void> {
    const { left } = this;
    this.left = null;
    this.asked = false;
    const { activeElement, body } = document;
    if (!left) return;
    const away = activeElement !== body && !activeElement?.closest("[data-opened]");
    const other = this.page.view !== left.view;
    this.page.view = left.view;
    await tick();
    if (away && !other) return; // the reader has gone on to somewhere else
    const focus = left.focus?.isConnected ? left.focus : document.getElementById("view");
    focus?.focus({ preventScroll: true });
    for (let frame = 0; frame < FRAMES && Math.abs(window.scrollY - left.scroll) > 1; frame++) {
      window.scrollTo({ top: left.scroll });
      await new Promise(requestAnimationFrame);
    }
  }
}
