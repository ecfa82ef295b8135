import type { CountedKind, TrafficDirection } from "../../model/rules/counting-plan.ts";
import type { CountedTraffic } from "../../model/traffic/counted-traffic.ts";
import type { NetworkPort } from "../ports/ports.ts";
import { inSlices } from "../time/slices.ts";
import { exposition, labelsOf, type Labelled, type MetricFamily } from "./exposition.ts";

export type CountingPort = Pick<NetworkPort, "countedTraffic">;

/** The packets and bytes of one direction. */
type DirectedTraffic = CountedTraffic[TrafficDirection];

/** The series of each direction of the traffic of a Service. */
const serviceSeries: readonly MetricFamily<DirectedTraffic>[] = [
  {
    name: "ipman_service_packets_total",
    help: "Packets between the partner and a Service that the gateway of its child received for it or sent.",
    type: "counter",
    value: ({ packets }) => Number(packets),
  },
  {
    name: "ipman_service_bytes_total",
    help: "Bytes of the packets between the partner and a Service, with their IP headers.",
    type: "counter",
    value: ({ bytes }) => Number(bytes),
  },
];

/** The series of each direction of the traffic of a rule. */
const natSeries: readonly MetricFamily<DirectedTraffic>[] = [
  {
    name: "ipman_nat_packets_total",
    help: "Packets whose addresses the gateway of a child translated by a rule of nat.",
    type: "counter",
    value: ({ packets }) => Number(packets),
  },
  {
    name: "ipman_nat_bytes_total",
    help: "Bytes of the packets whose addresses a rule of nat translated, with their IP headers.",
    type: "counter",
    value: ({ bytes }) => Number(bytes),
  },
];

/** The series of each Service that the partner reaches. */
const endpointSeries: readonly MetricFamily<number>[] = [
  {
    name: "ipman_service_endpoints",
    help: "Number of endpoints to which the gateway forwards new connections to the port of the Service that has the fewest.",
    type: "gauge",
    value: (count) => count,
  },
];

/** The families of all series in this file. */
export const trafficFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...serviceSeries,
  ...natSeries,
  ...endpointSeries,
];

const directions: readonly TrafficDirection[] = ["inbound", "outbound"];

/** The metrics of the traffic of Services and translated addresses, read from the gateways now. */
export async function trafficText(network: CountingPort, signal: AbortSignal): Promise<string> {
  const all: CountedTraffic[] = [];
  // Each gateway is another namespace: thousands of them would delay everything else.
  await inSlices(network.countedTraffic(), (traffic) => void all.push(...traffic), signal);
  const byKind = Map.groupBy(all, ({ kind }) => kind);
  const services = byKind.get("service") ?? [];
  return (
    exposition(serviceSeries, services.flatMap(directed)) +
    exposition(natSeries, (byKind.get("nat") ?? []).flatMap(directed)) +
    exposition(endpointSeries, services.flatMap(endpointsOf))
  );
}

/** The label that names a subject. */
const nameLabel: Readonly<Record<CountedKind, string>> = { service: "service", nat: "rule" };

function namesOf({ connection, child, kind, name }: CountedTraffic) {
  return { connection, child, [nameLabel[kind]]: name };
}

function directed(traffic: CountedTraffic): Labelled<DirectedTraffic>[] {
  return directions.map((direction) => ({
    labels: labelsOf({ ...namesOf(traffic), direction }),
    thing: traffic[direction],
  }));
}

function endpointsOf(traffic: CountedTraffic): Labelled<number>[] {
  const { endpoints } = traffic;
  return endpoints === undefined ? [] : [{ labels: labelsOf(namesOf(traffic)), thing: endpoints }];
}
