import type { InspectorMessage } from "../runtime/inspector/wire.ts";

export interface StreamHandlers {
  /** A new connection: everything that there is follows. */
  readonly begun: () => void;
  readonly took: (events: readonly InspectorMessage[]) => void;
  /** It went, and is tried again. */
  readonly lost: () => void;
}

const leastWaitMs = 250;
const mostWaitMs = 5_000;

/** Listens to the runtime for as long as the page is there. */
export function listen(listener: StreamHandlers, waitMs = leastWaitMs): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/?page`);
  let next = Math.min(waitMs * 2, mostWaitMs);
  socket.addEventListener("open", () => {
    next = leastWaitMs;
    listener.begun();
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string>) =>
    listener.took(JSON.parse(data) as InspectorMessage[]),
  );
  socket.addEventListener("close", () => {
    listener.lost();
    setTimeout(() => listen(listener, next), waitMs * (0.75 + Math.random() / 2));
  });
}
