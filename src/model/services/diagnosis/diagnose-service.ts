import { skipped, type Finding } from "../../status/finding.ts";
import { checkAddress } from "./check-address.ts";
import { checkConnection } from "./check-connection.ts";
import { checkEndpoints } from "./check-endpoints.ts";
import { checkRequest } from "./check-request.ts";
import { checkSelectors } from "./check-selectors.ts";
import { checkSlice } from "./check-slice.ts";
import { checkForwarding, checkTracking, checkTunnel } from "./check-tunnel.ts";
import {
  serviceSubject,
  type ServiceDiagnosisFacts,
  type ServiceSubject,
} from "./service-subject.ts";

/** Returns no finding for a Service that the check does not concern. */
type ServiceCheck = (subject: ServiceSubject) => readonly Finding[];

/** In the order of cause and effect. */
const checks: readonly ServiceCheck[] = [
  checkConnection,
  checkAddress,
  checkEndpoints,
  checkTunnel,
  checkSelectors,
  checkSlice,
  checkForwarding,
  checkTracking,
];

/**
 * Finds the first reason why a Service of a tunnel does not work, with the checks before it. Later
 * checks depend on those before and are left out.
 */
export function diagnoseService(facts: ServiceDiagnosisFacts): Finding[] {
  const { request, findings } = checkRequest(facts.service);
  const found = [...findings];
  if (request === undefined) return [...found, left];
  const subject = serviceSubject(facts, request);
  for (const [i, find] of checks.entries()) {
    const ofCheck = find(subject);
    found.push(...ofCheck);
    if (!ofCheck.some(({ verdict }) => verdict === "problem")) continue;
    return i + 1 < checks.length ? [...found, left] : found;
  }
  return found;
}

const left = skipped("other checks", "depend on those above");
