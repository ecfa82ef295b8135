import type { KernelState } from "../../model/charon/held-sas.ts";
import { Protocol } from "../linux/constants.ts";
import { attributesIn, u32Of, type NetlinkMessage } from "../netlink/reader.ts";
import { NetlinkSocket, type Request } from "../netlink/socket.ts";

/**
 * Lists the SAs and policies with one of these if_ids.
 *
 * @param namespace charon's, as a path
 * @throws {NetlinkError}
 */
export function kernelStates(
  namespace: string | undefined,
  ifIds: ReadonlySet<number>,
): KernelState[] {
  using socket = NetlinkSocket.open(namespace, Protocol.xfrm);
  return listStates(socket, ifIds).map(({ state }) => state);
}

/**
 * Removes SAs and policies; one that was replaced since it was listed stays.
 *
 * @param namespace charon's, as a path
 * @throws {NetlinkError} the first error; the others were removed nevertheless
 * @returns how many were removed
 */
export function removeStates(
  namespace: string | undefined,
  states: readonly KernelState[],
): number {
  const ids = new Set(states.map(({ id }) => id));
  const ifIds = new Set(states.map(({ ifId }) => ifId));
  using socket = NetlinkSocket.open(namespace, Protocol.xfrm);
  return remove(
    socket,
    listStates(socket, ifIds).filter(({ state }) => ids.has(state.id)),
  );
}

/**
 * Removes every SA and policy with one of these if_ids.
 *
 * @param namespace charon's, as a path
 * @throws {NetlinkError} the first error; the others were removed nevertheless
 * @returns how many were removed
 */
export function removeSas(namespace: string | undefined, ifIds: ReadonlySet<number>): number {
  using socket = NetlinkSocket.open(namespace, Protocol.xfrm);
  return remove(socket, listStates(socket, ifIds));
}

/** A listed SA or policy with the message that it was read from. */
interface ListedState {
  readonly state: KernelState;
  readonly message: NetlinkMessage;
}

function listStates(socket: NetlinkSocket, ifIds: ReadonlySet<number>): ListedState[] {
  return [sa, policy].flatMap((kind) =>
    socket
      .dump(`list ${kind.name}`, (writer) => writer.begin(kind.get, 0, 0))
      .flatMap((message) => {
        const state = stateOf(kind, message.body);
        return state !== undefined && ifIds.has(state.ifId) ? [{ state, message }] : [];
      }),
  );
}

function remove(socket: NetlinkSocket, states: readonly ListedState[]): number {
  const requests = states.map(({ state, message }) =>
    state.kind === "sa" ? deleteSa(message) : deletePolicy(message),
  );
  const [error] = socket.batch(requests);
  if (error !== undefined) throw error;
  return requests.length;
}

/** A kind of message in linux/xfrm.h. Only identifiers are read, never a key. */
interface MessageKind {
  readonly name: string;
  readonly get: number;
  /** Size of the fixed header. */
  readonly bytes: number;
}

const sa: MessageKind = { name: "SAs", get: 18, bytes: 224 };
const policy: MessageKind = { name: "policies", get: 21, bytes: 168 };
const delSa = 17;
const delPolicy = 20;
const attributeTemplates = 5;
const attributeIfId = 31;
/** in.h: ESP, AH and IPComp, of which charon creates SAs; the kernel itself adds others (IPIP). */
const protocols: ReadonlySet<number> = new Set([50, 51, 108]);

function stateOf(kind: MessageKind, body: Buffer): KernelState | undefined {
  if (body.length < kind.bytes) return undefined;
  const attributes = attributesIn(body, kind.bytes);
  const ifId = u32Of(attributes.get(attributeIfId));
  if (ifId === undefined) return undefined;
  return kind === sa ? saState(body, ifId) : policyState(body, attributes, ifId);
}

/** struct xfrm_usersa_info: the id at 56 (address, SPI, protocol), reqid at 208. */
function saState(body: Buffer, ifId: number): KernelState | undefined {
  if (!protocols.has(body.readUInt8(76))) return undefined;
  const id = body.subarray(56, 77).toString("hex");
  return { kind: "sa", ifId, reqid: body.readUInt32LE(208), spi: body.readUInt32BE(72), id };
}

/**
 * struct xfrm_userpolicy_info: time of creation at 136, index and direction at 156. Templates
 * (struct xfrm_user_tmpl) have SPI and reqid; a policy that replaces another one differs in them,
 * or in its time.
 */
function policyState(
  body: Buffer,
  attributes: ReadonlyMap<number, Buffer>,
  ifId: number,
): KernelState {
  const templates = attributes.get(attributeTemplates) ?? Buffer.alloc(0);
  const parts = [body.subarray(0, 56), body.subarray(136, 144), body.subarray(156, 161), templates];
  const reqid = templates.length < 48 ? 0 : templates.readUInt32LE(44);
  const id = Buffer.concat(parts).toString("hex");
  return { kind: "policy", ifId, reqid, spi: 0, id };
}

/** struct xfrm_usersa_id: address, SPI, family, protocol. */
function deleteSa({ body }: NetlinkMessage): Request {
  return {
    op: "delete an orphaned SA",
    tolerate: ["ESRCH"],
    write: (writer) => {
      writer.begin(delSa, 0, 24);
      writer.u16(20, body.readUInt16LE(212)).u8(22, body.readUInt8(76));
      writer.fill(0, body.subarray(56, 76));
    },
  };
}

/** struct xfrm_userpolicy_id: selector, index, direction. */
function deletePolicy({ body }: NetlinkMessage): Request {
  return {
    op: "delete an orphaned policy",
    tolerate: ["ENOENT"],
    write: (writer) => {
      writer.begin(delPolicy, 0, 64);
      writer.u32(56, body.readUInt32LE(156)).u8(60, body.readUInt8(160));
      writer.fill(0, body.subarray(0, 56));
      writer.attributeU32(
        attributeIfId,
        u32Of(attributesIn(body, policy.bytes).get(attributeIfId)) ?? 0,
      );
    },
  };
}
