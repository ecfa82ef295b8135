import type { IkeMessage } from "../codec/message.ts";
import { Exchange, Notify, Protocol, type NotifyName } from "../codec/numbers.ts";
import { notifyPayload, type Payload } from "../codec/payload.ts";
import type { Contributions, IkeKeys } from "../keys/ike-keys.ts";
import { authPayloads, isAuthentic } from "./authentication.ts";
import { Channel, type ChannelAnswer } from "./channel.ts";
import { agreeOnChild, refusalPayload, type ChildSpis } from "./child-agreement.ts";
import type { Habits, HabitSource } from "./habits.ts";
import { identityPayload, type PeerIdentity } from "./identity.ts";
import { answerRekey } from "./ike-rekey.ts";
import type { Link, PeerEvent } from "./link.ts";
import type { Opened } from "./opening.ts";
import { purposeOf, type Purpose } from "./purpose.ts";

export interface IkeSaOptions {
  readonly link: Link;
  readonly identity: PeerIdentity;
  readonly psk: string;
  readonly habits: HabitSource;
  readonly isInitiator: boolean;
  readonly both: Contributions;
  readonly keys: IkeKeys;
  /** The opening, until the IKE SA is authenticated. */
  readonly opening?: Opened;
  /** The CHILD SAs of the IKE SA that this one replaces. */
  readonly inherited?: readonly ChildSpis[];
  readonly adopt: (successor: IkeSa) => void;
  readonly release: (ended: IkeSa) => void;
}

/** The peer ends an SA this long after its answer, which has arrived by then. */
const promptMs = 50;

/** One IKE SA of the peer, with its CHILD SAs. */
export class IkeSa {
  readonly channel: Channel;
  readonly #options: IkeSaOptions;
  readonly #children: ChildSpis[];
  #isOpen = true;

  constructor(options: IkeSaOptions) {
    const { link, both, keys, isInitiator, opening, inherited = [] } = options;
    this.#options = options;
    this.#children = [...inherited];
    const first = opening === undefined ? 0 : 1;
    this.channel = new Channel({
      link,
      keys,
      isInitiator,
      initiatorSpi: both.initiator.spi,
      responderSpi: both.responder.spi,
      nextIds: isInitiator ? { own: first, other: 0 } : { own: 0, other: first },
      answer: (message) => this.#answer(message),
      lost: () => this.close("the other side does not answer"),
    });
  }

  /** The peer's SPI. */
  get spi(): string {
    const { both, isInitiator } = this.#options;
    return (isInitiator ? both.initiator : both.responder).spi;
  }

  /** Ends the IKE SA with the other side. */
  end(): void {
    if (!this.#isOpen) return;
    const deletes: Payload = { kind: "delete", protocol: Protocol.ike, spis: [] };
    this.channel.request(Exchange.INFORMATIONAL, [deletes], () => this.close("deleted"));
  }

  /** Forgets the IKE SA without a message. */
  close(detail: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.channel.close();
    this.#note("ikeSa.down", { detail });
    this.#options.release(this);
  }

  /** Takes a CHILD SA into use. */
  takeChild(child: ChildSpis, { ends }: Habits): void {
    this.#children.push(child);
    this.#note("child.up", { detail: child.own.toString("hex") });
    if (ends === undefined) return;
    this.#options.link.after(promptMs, () =>
      ends === "ikeSa" ? this.end() : this.#endChild(child),
    );
  }

  #answer(message: IkeMessage): ChannelAnswer | undefined {
    const { header, payloads } = message;
    const purpose = purposeOf(message);
    if (purpose !== undefined) this.#note("request", { purpose, messageId: header.messageId });
    switch (purpose) {
      case "authentication":
        return this.#authenticate(payloads);
      case "newChild":
        return this.#child(payloads, purpose);
      case "childRekey":
        return this.#rekeyChild(payloads);
      case "ikeRekey":
        return this.#rekey(payloads);
      case "ikeSa":
      case "firstChild":
      case undefined:
        break;
    }
    return this.#inform(payloads);
  }

  #authenticate(request: readonly Payload[]): ChannelAnswer | undefined {
    const { opening, psk, identity, habits: source } = this.#options;
    const habits = source("authentication");
    const refusal = habits.refuses?.authentication;
    if (refusal === "silence") return undefined;
    if (opening === undefined || !isAuthentic(opening, psk, request, "idInitiator"))
      return this.#refuseAuthentication("AUTHENTICATION_FAILED", request);
    if (refusal !== undefined) return this.#refuseAuthentication(refusal, request);
    const child = this.#child(request, "firstChild");
    if (child === undefined) return undefined;
    return {
      payloads: [
        ...authPayloads(opening, psk, identityPayload("idResponder", identity)),
        ...lifetimePayloads(habits),
        ...child.payloads,
      ],
      after: () => {
        this.#note("ikeSa.up");
        if (habits.authLifetime !== undefined)
          this.#options.link.after(habits.authLifetime * 1_000, () => this.end());
        child.after?.();
      },
    };
  }

  #refuseAuthentication(name: NotifyName, request: readonly Payload[]): ChannelAnswer {
    this.#note("refused", { detail: name });
    return { payloads: [refusalPayload(name, request)], after: () => this.close(name) };
  }

  #rekeyChild(request: readonly Payload[]): ChannelAnswer | undefined {
    const rekeyed = request.find(
      (payload) => payload.kind === "notify" && payload.type === Notify.REKEY_SA,
    );
    const isKnown = this.#children.some(
      ({ other }) => rekeyed?.kind === "notify" && other.equals(rekeyed.spi),
    );
    if (!isKnown) return this.#refuse("CHILD_SA_NOT_FOUND", request);
    return this.#child(request, "childRekey");
  }

  #child(request: readonly Payload[], purpose: Purpose): ChannelAnswer | undefined {
    const habits = this.#options.habits(purpose);
    const refusal = habits.refuses?.[purpose];
    if (refusal === "silence") return undefined;
    const agreement = refusal ?? agreeOnChild(request, habits);
    if (typeof agreement === "string") return this.#refuse(agreement, request);
    const { payloads, child } = agreement;
    return { payloads, after: () => this.takeChild(child, habits) };
  }

  #rekey(request: readonly Payload[]): ChannelAnswer | undefined {
    const { habits: source, keys, adopt } = this.#options;
    const answered = answerRekey(request, source("ikeRekey"), keys);
    if (answered === undefined) return undefined;
    if (typeof answered === "string") return this.#refuse(answered, request);
    const { opening: _opening, ...others } = this.#options;
    const { payloads, ...successor } = answered;
    return {
      payloads,
      after: () => {
        this.#note("ikeSa.rekeyed");
        const inherited = this.#children.splice(0);
        adopt(new IkeSa({ ...others, ...successor, isInitiator: false, inherited }));
      },
    };
  }

  #refuse(name: NotifyName, request: readonly Payload[]): ChannelAnswer {
    this.#note("refused", { detail: name });
    return { payloads: [refusalPayload(name, request)] };
  }

  #inform(request: readonly Payload[]): ChannelAnswer {
    const failed = request.some(
      (payload) => payload.kind === "notify" && payload.type === Notify.AUTHENTICATION_FAILED,
    );
    if (failed) return { payloads: [], after: () => this.close("the other side refused") };
    const deletes = request.flatMap((payload) => (payload.kind === "delete" ? [payload] : []));
    if (deletes.some(({ protocol }) => protocol === Protocol.ike))
      return { payloads: [], after: () => this.close("deleted by the other side") };
    const spis = deletes
      .flatMap((payload) => payload.spis)
      .flatMap((spi) => this.#removeChild((child) => child.other.equals(spi)));
    if (spis.length === 0) return { payloads: [] };
    return { payloads: [{ kind: "delete", protocol: Protocol.esp, spis }] };
  }

  #endChild(child: ChildSpis): void {
    if (!this.#isOpen) return;
    const spis = this.#removeChild((known) => known === child);
    if (spis.length === 0) return;
    const deletes: Payload = { kind: "delete", protocol: Protocol.esp, spis };
    this.channel.request(Exchange.INFORMATIONAL, [deletes]);
  }

  /** Removes a CHILD SA and returns the SPI with which the peer received. */
  #removeChild(matches: (child: ChildSpis) => boolean): Buffer[] {
    const at = this.#children.findIndex(matches);
    const [child] = at < 0 ? [] : this.#children.splice(at, 1);
    if (child === undefined) return [];
    this.#note("child.down", { detail: child.own.toString("hex") });
    return [child.own];
  }

  #note(event: PeerEvent["event"], more: Omit<PeerEvent, "event" | "ike"> = {}): void {
    this.#options.link.note({ event, ike: this.spi, ...more });
  }
}

function lifetimePayloads({ authLifetime }: Habits): Payload[] {
  if (authLifetime === undefined) return [];
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(authLifetime);
  return [notifyPayload("AUTH_LIFETIME", seconds)];
}
