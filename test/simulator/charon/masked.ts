/** By step: charon's replies, and the events and log lines that it sent meanwhile. */
export type Transcript = Record<string, unknown[]>;

const volatile = new Set([
  "initiator-spi",
  "responder-spi",
  "spi-in",
  "spi-out",
  "reqid",
  "bytes-in",
  "bytes-out",
  "packets-in",
  "packets-out",
  "use-in",
  "use-out",
  "established",
  "rekey-time",
  "life-time",
  "install-time",
  "reauth-time",
]);

/** Masks the values that differ between runs, and numbers unique ids in their order. */
export function masked(steps: Transcript): Transcript {
  const ids = new Map<string, string>();
  const idOf = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `#${ids.size + 1}`);
    return ids.get(id) as string;
  };
  const mask = (value: unknown, name = ""): unknown => {
    if (Array.isArray(value)) {
      if (name === "keys" || name === "conns") return (value as string[]).toSorted();
      return value.map((item) => mask(item));
    }
    if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value)
        .filter(([key]) => key !== "tasks-active" && key !== "tasks-queued")
        .map(([key, item]) => {
          const child = /^(net|other)-(\d+)$/.exec(key);
          return [
            child ? `${child[1]}-${idOf(child[2] as string)}` : key,
            mask(item, key),
          ] as const;
        });
      return Object.fromEntries(entries);
    }
    if (volatile.has(name)) return "…";
    if (name === "uniqueid") return "id";
    return value;
  };
  return mask(steps) as Transcript;
}
