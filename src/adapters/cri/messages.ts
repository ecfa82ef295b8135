/**
 * The four messages of runtime.v1 (k8s.io/cri-api, api.proto) that are needed to find a sandbox,
 * in the wire format of protocol buffers: a field's tag is its number times eight plus its wire
 * type, 0 for a varint and 2 for bytes with their length.
 */

const varint = 0;
const bytes = 2;

/** Encodes ListPodSandboxRequest { filter = 1 { label_selector = 3, state = 2 { state = 1 READY = 0 } } }. */
export function encodeFilter(labels: Readonly<Record<string, string>>): Buffer {
  const selectors = Object.entries(labels).map(([key, value]) =>
    field(3, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))])),
  );
  // READY is 0, which the wire format leaves out: the message of the state is empty.
  return field(1, Buffer.concat([field(2, Buffer.alloc(0)), ...selectors]));
}

/** Encodes PodSandboxStatusRequest { pod_sandbox_id = 1, verbose = 2 }. */
export function encodeStatusRequest(id: string): Buffer {
  return Buffer.concat([field(1, Buffer.from(id)), Buffer.from([(2 << 3) | varint, 1])]);
}

/** Decodes the ids in ListPodSandboxResponse { items = 1 { id = 1 } }. */
export function decodeSandboxes(message: Buffer): string[] {
  return fieldsOf(message, 1).flatMap((item) => fieldsOf(item, 1)[0]?.toString("utf8") ?? []);
}

/** Decodes the entry `info` of PodSandboxStatusResponse { info = 2 { key = 1, value = 2 } }. */
export function decodeStatus(message: Buffer): string | undefined {
  const entries = fieldsOf(message, 2).map((entry) => ({
    key: fieldsOf(entry, 1)[0]?.toString("utf8"),
    value: fieldsOf(entry, 2)[0]?.toString("utf8"),
  }));
  return entries.find(({ key }) => key === "info")?.value;
}

function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | bytes]), encodeVarint(value.length), value]);
}

function encodeVarint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Buffer.from([...out, rest]);
}

/** Decodes the values of a field of bytes, in their order. */
function fieldsOf(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const next = () => {
    let value = 0;
    for (let shift = 0; at < message.length; shift += 7) {
      const byte = message[at++] as number;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError("a message of the container runtime is cut short");
  };
  while (at < message.length) {
    const tag = next();
    const type = tag % 8;
    if (type === varint) next();
    else if (type === bytes) {
      const length = next();
      if (at + length > message.length)
        throw new RangeError("a message of the container runtime is cut short");
      if (Math.floor(tag / 8) === wanted) found.push(message.subarray(at, at + length));
      at += length;
    } else if (type === 1 || type === 5) at += type === 1 ? 8 : 4;
    else throw new RangeError(`wire type ${type} of the container runtime is unknown`);
  }
  return found;
}
