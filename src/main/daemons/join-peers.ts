import type { Logger } from "pino";
import type { Observable } from "rxjs";
import { BeatSocket } from "../../adapters/beats/beat-socket.ts";
import { EchoSocket } from "../../adapters/icmp/echo-socket.ts";
import type { KubeClient } from "../../adapters/kubernetes/client/kube-client.ts";
import { ObjectStore } from "../../adapters/kubernetes/client/object-store.ts";
import { nodeNamed, ownPods, podsWithAddress } from "../../adapters/kubernetes/live-pods.ts";
import type { Poller } from "../../adapters/linux/poller.ts";
import { beatOf } from "../../machines/connection/elsewhere.ts";
import { ownNode, ownPod } from "../../model/beats/departure.ts";
import { agentPod } from "../../model/beats/agent-pod.ts";
import type { SegmentKey } from "../../model/network/segment-key.ts";
import { contained, type OnBreakdown } from "../../runtime/actors/contained.ts";
import type { BeatCount } from "../../runtime/beats/beat-count.ts";
import { BeatExchange } from "../../runtime/beats/beat-exchange.ts";
import { logPresences, RefusedBeatsLog } from "../../runtime/beats/beats-log.ts";
import { ConnectionBeats } from "../../runtime/beats/connection-beats.ts";
import { PeerPods } from "../../runtime/beats/peer-pods.ts";
import { Departures } from "../../runtime/beats/departures.ts";
import { Peers } from "../../runtime/beats/peers.ts";
import { untilLeft } from "../../runtime/beats/until-left.ts";
import type { OpenEcho } from "../../runtime/beats/node-watch.ts";
import type { DesiredState } from "../../runtime/desired/desired-state.ts";
import { BeatMetrics } from "../../runtime/metrics/beat-metrics.ts";
import type { Metrics } from "../../runtime/metrics/metrics.ts";
import type { Supervisor } from "../../runtime/supervisor/supervisor.ts";

/** The parts of an agent that its exchange with agents of other groups needs. */
export interface PeeringParts {
  readonly groupId: string;
  /** The key of beats at first, and each one that replaces it. */
  readonly segmentKey: SegmentKey;
  readonly storedKeys: Observable<SegmentKey>;
  readonly client: KubeClient;
  readonly poller: Poller;
  readonly desired: Observable<DesiredState>;
  readonly supervisor: Pick<Supervisor, "roots" | "activity">;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly onTrouble: (error: unknown) => void;
  readonly onBreakdown: OnBreakdown;
}

/** The exchange with the agents of other groups. */
export interface Peering extends Disposable {
  /** Resolves when the traffic has left this group, if the group leaves; after seconds at most. */
  readonly untilLeft: () => Promise<void>;
}

/** Exchanges beats with the agents of all groups that share a connection with this one. */
export function joinPeers(parts: PeeringParts): Peering {
  using owned = new DisposableStack();
  const { groupId, segmentKey, client, poller, desired, supervisor, onTrouble } = parts;
  const report = (error: unknown) => parts.onBreakdown("beats", error);
  const metrics = new BeatMetrics(parts.metrics.registry);
  const refused = new RefusedBeatsLog(parts.log);
  const count: BeatCount = (direction, result) => {
    metrics.count(direction, result);
    refused.count(direction, result);
  };
  const exchange = owned.use(
    new BeatExchange({
      groupId,
      segmentKey,
      openSocket: () => new BeatSocket({ onDrop: count, onTrouble }),
      openEcho: openEchoBy(poller),
      count,
      report,
    }),
  );
  const keys = parts.storedKeys.subscribe(contained(report, (key) => exchange.setKey(key)));
  owned.defer(() => keys.unsubscribe());
  const beats = owned.use(
    new ConnectionBeats({
      groupId,
      exchange,
      rootOf: (id) => supervisor.roots.get(id),
      beatOf: (root) => beatOf(root.getSnapshot().context),
      send: (root, event) => root.send(event),
      activity: supervisor.activity,
      report,
    }),
  );
  metrics.show(exchange, beats);
  const presences = logPresences(parts.log, exchange);
  owned.defer(() => presences.unsubscribe());
  const pods = owned.use(
    new PeerPods((labelSelector) => {
      const wanted = podsWithAddress(labelSelector, client.namespace);
      return new ObjectStore(client, wanted, { onTrouble, trim: agentPod });
    }),
  );
  owned.use(new Peers({ groupId, desired, pods, exchange, beats, report }));
  const departures = owned.use(
    new Departures({
      groupId,
      desired,
      watchNode: (name) => new ObjectStore(client, nodeNamed(name), { onTrouble, trim: ownNode }),
      watchPods: () =>
        new ObjectStore(client, ownPods(groupId, client.namespace), { onTrouble, trim: ownPod }),
      beats,
      report,
    }),
  );
  const resources = owned.move();
  return {
    untilLeft: () => untilLeft(beats, departures),
    [Symbol.dispose]: () => resources.dispose(),
  };
}

/** Opens echo sockets in the pod's own network. */
function openEchoBy(poller: Poller): OpenEcho {
  return (target, onAnswer) => new EchoSocket(poller, { namespace: undefined, target }, onAnswer);
}
