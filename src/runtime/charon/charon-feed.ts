import { BehaviorSubject, of, Subject, Subscription, type Observable } from "rxjs";
import type { SaEvent } from "../../adapters/xfrm/sa-events.ts";
import type { CharonEvent } from "../../model/charon/charon-event.ts";
import type { IkeSa } from "../../model/charon/sa.ts";
import { contained } from "../actors/contained.ts";
import { whileTrue } from "../actors/while-true.ts";
import type { NetworkPort } from "../ports/ports.ts";
import type { CharonRef } from "../ports/running.ts";
import { CharonActor } from "./charon-actor.ts";
import { CharonLogSwitch } from "./charon-log-switch.ts";
import { lostConnections } from "./lost-connections.ts";
import { charonLogic, type CharonPorts } from "../effects/charon-logic.ts";
import type { EventSubjects } from "../effects/event-subjects.ts";

export interface CharonFeedOptions extends Pick<
  CharonPorts,
  "charon" | "queue" | "declared" | "removeOrphans"
> {
  readonly network: Pick<NetworkPort, "saEvents">;
  readonly events: EventSubjects;
  /** Whether charon's log is followed also while every connection is settled. */
  readonly alwaysFollowLog: boolean;
  /** Reports an exception of this feed's own subscribers. */
  readonly report: (error: unknown) => void;
}

/**
 * The reports of charon and its kernel: sessions, lists of SAs, events, the log, and the connections
 * that charon lost.
 */
export class CharonFeed implements Disposable {
  readonly logSwitch = new CharonLogSwitch();
  /** Emits the names of connections that charon no longer has as ipman loaded them. */
  readonly lost: Observable<readonly string[]>;
  readonly #actor: CharonActor;
  readonly #lists = new Subject<readonly IkeSa[]>();
  readonly #changes = new Subject<void>();
  readonly #needsSilences = new BehaviorSubject(false);
  readonly #subscriptions = new Subscription();

  constructor(options: CharonFeedOptions) {
    const { events, report } = options;
    const received = new Subject<CharonEvent>();
    this.#actor = new CharonActor({
      logic: charonLogic({
        ...options,
        calls: events.adapterCalls,
        events: received,
        lists: this.#lists,
      }),
      observer: {
        changed: () => this.#changes.next(),
        moved: (transition) => events.transitions.next(transition),
      },
      breakdowns: events.breakdowns,
    });
    this.lost = lostConnections({ ...options, sessions: this.sessions });
    const take = contained(report, (event: CharonEvent) => {
      events.charonEvents.next(event);
      if (event.type === "sas.changed") this.requestList();
    });
    this.#subscriptions.add(received.subscribe(take));
    this.#subscriptions.add(this.#log(options).subscribe(take));
    const silences = whileTrue([this.sessions, this.#needsSilences], () =>
      options.charon.silences(),
    );
    this.#subscriptions.add(silences.subscribe(take));
    this.#subscriptions.add(
      this.#saEvents(options).subscribe(
        contained(report, (event) => {
          if (event.type === "sa.expired") this.requestList();
          else events.saEnds.next(event.end);
        }),
      ),
    );
  }

  get ref(): CharonRef {
    return this.#actor.ref;
  }

  /** Emits true when a session with charon begins and false when it ends. */
  get sessions(): Observable<boolean> {
    return this.#actor.sessions;
  }

  /** Emits every list of all SAs. */
  get lists(): Observable<readonly IkeSa[]> {
    return this.#lists;
  }

  /** Emits after each event that charon's actor handled. */
  get changes(): Observable<void> {
    return this.#changes;
  }

  start(): void {
    this.#actor.start();
  }

  /** Sets whether a connection needs to know that its peer does not answer. */
  followSilences(isNeeded: boolean): void {
    this.#needsSilences.next(isNeeded);
  }

  requestList(): void {
    this.#actor.requestList();
  }

  [Symbol.dispose](): void {
    this.#subscriptions.unsubscribe();
    this.#actor[Symbol.dispose]();
    this.#lists.complete();
    this.#needsSilences.complete();
    this.#changes.complete();
  }

  /** The kernel's events; without them, charon's own event or the next list reports a rekey. */
  #saEvents({ network }: CharonFeedOptions): Observable<SaEvent> {
    return whileTrue([this.sessions], () => network.saEvents());
  }

  #log({ charon, alwaysFollowLog }: CharonFeedOptions): Observable<CharonEvent> {
    const isOn = alwaysFollowLog ? of(true) : this.logSwitch.isOn;
    return whileTrue([this.sessions, isOn], () => charon.log());
  }
}
