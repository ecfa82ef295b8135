import { describe } from "node:test";
import { absenceScenarios } from "./scenarios/absence.ts";
import { admissionScenarios } from "./scenarios/admission.ts";
import { podPolicyScenarios } from "./scenarios/pod-policy.ts";
import { alertScenarios } from "./scenarios/alerts.ts";
import { attachmentScenarios } from "./scenarios/attachments.ts";
import { apiScenarios } from "./scenarios/api.ts";
import { certificateScenarios } from "./scenarios/certificates.ts";
import { chartScenarios } from "./scenarios/chart.ts";
import { clockScenarios } from "./scenarios/clocks.ts";
import { documentedScenarios } from "./scenarios/documented.ts";
import { frontendScenarios } from "./scenarios/frontend.ts";
import { groupScenarios } from "./scenarios/groups.ts";
import { lifecycleScenarios } from "./scenarios/lifecycle.ts";
import { migrationScenarios } from "./scenarios/migration.ts";
import { namespaceDefaultScenarios } from "./scenarios/namespace-defaults.ts";
import { pathScenarios } from "./scenarios/paths.ts";
import { placementScenarios } from "./scenarios/placement.ts";
import { refusalScenarios } from "./scenarios/refusals.ts";
import { lookingInScenarios } from "./scenarios/looking-in.ts";
import { lossScenarios } from "./scenarios/losses.ts";
import { withoutWakingAnybody } from "./scenarios/on-call.ts";
import { rightScenarios } from "./scenarios/rights.ts";
import { strangerScenarios } from "./scenarios/strangers.ts";
import { walkThroughScenarios } from "./scenarios/walk-through.ts";
import { webhookPathScenarios } from "./scenarios/webhook-paths.ts";
import { startedCluster } from "./started-cluster.ts";

/** One cluster for all scenarios, since its start takes longer than any of them. */
describe("a cluster", () => {
  const cluster = startedCluster();

  walkThroughScenarios(cluster);
  strangerScenarios(cluster);
  lookingInScenarios(cluster);
  pathScenarios(cluster);
  documentedScenarios(cluster);
  alertScenarios(cluster);
  chartScenarios(cluster);
  apiScenarios(cluster);
  certificateScenarios(cluster);
  webhookPathScenarios(cluster);
  rightScenarios(cluster);
  admissionScenarios(cluster);
  podPolicyScenarios(cluster);
  namespaceDefaultScenarios(cluster);
  refusalScenarios(cluster);
  attachmentScenarios(cluster);
  groupScenarios(cluster);
  frontendScenarios(cluster);
  placementScenarios(cluster);
  withoutWakingAnybody(cluster, () => {
    lossScenarios(cluster);
    absenceScenarios(cluster);
    clockScenarios(cluster);
    lifecycleScenarios(cluster);
  });
  migrationScenarios(cluster);
});
