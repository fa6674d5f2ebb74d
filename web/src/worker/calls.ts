/** Calls between the page and its worker: a question with a number, and its answer. */

/** What a worker can be asked, by name: functions of one argument each. */
export type Handlers = Record<string, (argument: never) => unknown>;

type Argument<H extends Handlers, K extends keyof H> = Parameters<H[K]>[0];
type Answer<H extends Handlers, K extends keyof H> =
  Awaited<ReturnType<H[K]>> extends Handed<infer T> ? T : Awaited<ReturnType<H[K]>>;

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

type Reply = { id: number; answer: unknown } | { id: number; error: string };

/** Either end of a channel: a worker, a worker's own scope, a message port. */
export interface End {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/** An answer whose buffers are handed over, not copied. */
export class Handed<T> {
  constructor(
    readonly answer: T,
    readonly buffers: Transferable[],
  ) {}
}

/** Answer what is asked at the other end, one question after the other. */
export function serve(end: End, handlers: Handlers): void {
  let before: Promise<void> = Promise.resolve();
  end.addEventListener("message", (event: MessageEvent<Question>) => {
    before = before.then(() => answered(end, handlers, event.data));
  });
}

async function answered(end: End, handlers: Handlers, question: Question): Promise<void> {
  const { id, name, argument } = question;
  try {
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (!handler) throw new Error(`the worker cannot ${name}`);
    const answer = await handler(argument as never);
    if (answer instanceof Handed) end.postMessage({ id, answer: answer.answer }, answer.buffers);
    else end.postMessage({ id, answer }, []);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    end.postMessage({ id, error: words } satisfies Reply, []);
  }
}

/** Asks the other end. */
export class Caller<H extends Handlers> {
  private readonly waiting = new Map<
    number,
    { resolve: (answer: never) => void; reject: (error: Error) => void }
  >();
  private asked = 0;

  constructor(private readonly channel: End) {
    channel.addEventListener("message", (event: MessageEvent<Reply>) => {
      const reply = event.data;
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if ("error" in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve(reply.answer as never);
    });
  }

  /**
   * The answer to one question.
   *
   * @param buffers What of the argument is handed over, not copied.
   */
  ask<K extends keyof H & string>(
    name: K,
    argument: Argument<H, K>,
    buffers: Transferable[] = [],
  ): Promise<Answer<H, K>> {
    const id = this.asked++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      try {
        this.channel.postMessage({ id, name, argument } satisfies Question, buffers);
      } catch (error) {
        this.waiting.delete(id);
        reject(error as Error);
      }
    });
  }

  /** No answer will come: the callers that wait for one get the reason. */
  fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
