import type { ElkNode } from "elkjs";

interface Answer {
  readonly id: number;
  readonly data?: ElkNode;
}

/** Runs elkjs in a worker: a layout takes tens of milliseconds. */
export class Layout {
  readonly #worker = new Worker("/elk-worker.js");
  readonly #waiting = new Map<number, PromiseWithResolvers<ElkNode>>();
  #last = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data: answer }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      // An exception's message does not reach this side.
      if (answer.data === undefined) waiting?.reject(new Error("elkjs cannot lay out this chart"));
      else waiting?.resolve(answer.data);
    });
    // The first message of elkjs' own client.
    this.#worker.postMessage({ id: 0, cmd: "register", algorithms: ["layered"] });
  }

  /** Resolves to the same graph with positions and sizes. */
  of(graph: ElkNode): Promise<ElkNode> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<ElkNode>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ id, cmd: "layout", graph, layoutOptions: {}, options: {} });
    return waiting.promise;
  }
}
