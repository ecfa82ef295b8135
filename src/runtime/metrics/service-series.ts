import { exposition, labelsOf, type MetricFamily } from "./exposition.ts";

/** A Service that requests something of ipman, as the operator sees it. */
export interface ServiceState {
  /** `namespace/name`. */
  readonly service: string;
  /** Undefined if the request is invalid. */
  readonly connection?: string;
  readonly child?: string;
  /** Whether its condition is true. */
  readonly isReady: boolean;
  /** Whether the active gateway of its child runs; undefined while it has no address. */
  readonly hasGateway?: boolean;
}

/** The series of each Service. */
const readySeries: readonly MetricFamily<ServiceState>[] = [
  {
    name: "ipman_service_ready",
    help: "1 if the condition ipman.dialo.ai/Ready of the Service is True.",
    type: "gauge",
    value: ({ isReady }) => (isReady ? 1 : 0),
  },
];

/** The series of each Service with an address. */
const gatewaySeries: readonly MetricFamily<ServiceState>[] = [
  {
    name: "ipman_service_gateway_present",
    help: "1 if the active gateway of the Service's child has an address on the pod network, 0 if not.",
    type: "gauge",
    value: ({ hasGateway }) => (hasGateway === true ? 1 : 0),
  },
];

/** The families of all series in this file. */
export const serviceFamilies: readonly Pick<MetricFamily<never>, "name" | "type">[] = [
  ...readySeries,
  ...gatewaySeries,
];

/** The metrics of Services. */
export function serviceText(services: readonly ServiceState[]): string {
  const all = services.map((thing) => {
    const { connection, child, service } = thing;
    const ofChild = connection === undefined || child === undefined ? {} : { connection, child };
    return { labels: labelsOf({ ...ofChild, service }), thing };
  });
  const assigned = all.filter(({ thing }) => thing.hasGateway !== undefined);
  return exposition(readySeries, all) + exposition(gatewaySeries, assigned);
}
