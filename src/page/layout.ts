import type { ElkNode } from "elkjs";

interface Answer {
  readonly id: number;
  readonly data?: ElkNode;
}

/** elkjs in a worker of its own: a layout takes tens of milliseconds. */
export class Layout {
  readonly #worker = new Worker("/elk-worker.js");
  readonly #waiting = new Map<number, PromiseWithResolvers<ElkNode>>();
  #last = 0;

  constructor() {
    this.#worker.addEventListener("message", ({ data: answer }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      // Its exceptions lose their words on the way.
      if (answer.data === undefined) waiting?.reject(new Error("elkjs cannot lay it out"));
      else waiting?.resolve(answer.data);
    });
    // What elkjs' own client says first.
    this.#worker.postMessage({ id: 0, cmd: "register", algorithms: ["layered"] });
  }

  /** The same graph with places and sizes. */
  of(graph: ElkNode): Promise<ElkNode> {
    const id = ++this.#last;
    const waiting = Promise.withResolvers<ElkNode>();
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ id, cmd: "layout", graph, layoutOptions: {}, options: {} });
    return waiting.promise;
  }
}
