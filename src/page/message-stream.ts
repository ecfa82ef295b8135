import type { InspectorMessage } from "../runtime/inspector/wire.ts";

export interface StreamHandlers {
  /** A new connection: messages about all present actors follow. */
  readonly opened: () => void;
  readonly received: (messages: readonly InspectorMessage[]) => void;
  /** The connection was lost; another attempt follows. */
  readonly lost: () => void;
}

const minimumDelayMs = 250;
const maximumDelayMs = 5_000;

/** Receives the inspector's messages while the page is open, and reconnects with a backoff. */
export function openMessageStream(handlers: StreamHandlers, delayMs = minimumDelayMs): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/?page`);
  let nextDelayMs = Math.min(delayMs * 2, maximumDelayMs);
  socket.addEventListener("open", () => {
    nextDelayMs = minimumDelayMs;
    handlers.opened();
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string>) =>
    handlers.received(JSON.parse(data) as InspectorMessage[]),
  );
  socket.addEventListener("close", () => {
    handlers.lost();
    const jittered = delayMs * (0.75 + Math.random() / 2);
    setTimeout(() => openMessageStream(handlers, nextDelayMs), jittered);
  });
}
