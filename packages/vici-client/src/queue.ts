/**
 * A queue with one reader, which iterates over it. Items are kept in order until they are read.
 */
export class AsyncQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #items: T[] = [];
  readonly #onReturn: () => void;
  #ended: { readonly error?: Error } | undefined;
  #reader: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;

  /** @param onReturn called when the reader leaves before the end */
  constructor(onReturn: () => void = () => {}) {
    this.#onReturn = onReturn;
  }

  push(item: T): void {
    if (this.#ended !== undefined) return;
    if (this.#reader === undefined) this.#items.push(item);
    else this.#take().resolve({ done: false, value: item });
  }

  /** Ends the queue. The reader receives the error, if there is one, after the last item. */
  end(error?: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error === undefined ? {} : { error };
    if (this.#reader === undefined) return;
    const reader = this.#take();
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) {
      return Promise.resolve({ done: false, value: this.#items.shift() as T });
    }
    if (this.#ended?.error !== undefined) {
      const { error } = this.#ended;
      this.#ended = {};
      return Promise.reject(error);
    }
    if (this.#ended !== undefined) return Promise.resolve({ done: true, value: undefined });
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items.length = 0;
    if (this.#ended === undefined) {
      this.end();
      this.#onReturn();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): PromiseWithResolvers<IteratorResult<T, undefined>> {
    const reader = this.#reader as PromiseWithResolvers<IteratorResult<T, undefined>>;
    this.#reader = undefined;
    return reader;
  }
}
