import { Observable, Subject } from "rxjs";
import { isNameOf } from "../../model/api/path.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";

/** A line of ipman's or charon's log; charon's may concern no particular connection. */
export interface BufferedLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly from: "ipman" | "charon";
  /** The connection's id in lines of ipman, its name in charon in lines of charon. */
  readonly connection: string | undefined;
  readonly text: string;
}

/** The fields of a logged line beside its message. */
export interface LoggedFields {
  readonly connection?: string;
  readonly child?: string;
  readonly state?: string;
  readonly reason?: string | undefined;
}

const maxLines = 5_000;

/** The last log lines of a process; charon's lines are included while its log is followed. */
export class LogBuffer {
  #lines: BufferedLine[] = [];
  readonly #added = new Subject<BufferedLine>();

  /** Adds a line of ipman's own log. */
  noteOwn({ connection, child, state, reason }: LoggedFields, message: string, at: number): void {
    const subject = [connection, child].filter(Boolean).join("/");
    const words = [state === message ? undefined : state, reason, message].filter(Boolean);
    const text = [subject, words.join(": ")].filter(Boolean).join(" ");
    this.#add({ at, from: "ipman", connection, text });
  }

  /** Adds the line of a `logged` event of charon; other events are ignored. */
  noteCharon(event: CharonEvent, at: number): void {
    if (event.type !== "logged") return;
    const { connection, line } = event;
    this.#add({ at, from: "charon", connection, text: `[${line.group}] ${line.text}` });
  }

  /**
   * Emits the buffered lines of a connection, and with `follow` also the lines that are added
   * later.
   */
  of({ id, name }: { id: string; name: string }, follow: boolean): Observable<BufferedLine> {
    const isWanted = ({ from, connection }: BufferedLine) =>
      from === "ipman" ? connection === id : isNameOf(connection, name);
    return new Observable((subscriber) => {
      for (const line of this.#lines) if (isWanted(line)) subscriber.next(line);
      if (!follow) return subscriber.complete();
      const subscription = this.#added.subscribe((line) => {
        if (isWanted(line)) subscriber.next(line);
      });
      return () => subscription.unsubscribe();
    });
  }

  #add(line: BufferedLine): void {
    this.#lines.push(line);
    // Up to twice the limit, so that not every line copies the array.
    if (this.#lines.length > 2 * maxLines) this.#lines = this.#lines.slice(-maxLines);
    this.#added.next(line);
  }
}
