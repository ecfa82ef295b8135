import { Observable, Subject } from "rxjs";
import type { CharonEvent } from "../../model/charon/charon-event.ts";

/** A line of somebody's log that is about a connection, or about all of them. */
export interface BufferedLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly from: "ipman" | "charon";
  /** The connection's id for ipman's lines, its name in charon for charon's. */
  readonly connection: string | undefined;
  readonly text: string;
}

/** What a logger is told beside the message. */
export interface LoggedFields {
  readonly connection?: string;
  readonly child?: string;
  readonly state?: string;
  readonly reason?: string | undefined;
}

const most = 5_000;

/** The last that was logged, for who asks later; bounded. charon's lines are among it while they are followed. */
export class LogBuffer {
  #lines: BufferedLine[] = [];
  readonly #added = new Subject<BufferedLine>();

  /** A line of ipman's own log. */
  noteOwn({ connection, child, state, reason }: LoggedFields, message: string, at: number): void {
    const subject = [connection, child].filter(Boolean).join("/");
    const words = [state === message ? undefined : state, reason, message].filter(Boolean);
    const text = [subject, words.join(": ")].filter(Boolean).join(" ");
    this.#add({ at, from: "ipman", connection, text });
  }

  /** What charon logs, while somebody listens to it. */
  noteCharon(event: CharonEvent, at: number): void {
    if (event.type !== "logged") return;
    const { connection, line } = event;
    this.#add({ at, from: "charon", connection, text: `[${line.group}] ${line.text}` });
  }

  /** What is kept of a connection, then what comes; without `follow` it ends there. */
  of({ id, name }: { id: string; name: string }, follow: boolean): Observable<BufferedLine> {
    const isWanted = ({ from, connection }: BufferedLine) =>
      from === "ipman" ? connection === id : connection === name;
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
    // Cut now and then, not for each one.
    if (this.#lines.length > 2 * most) this.#lines = this.#lines.slice(-most);
    this.#added.next(line);
  }
}
