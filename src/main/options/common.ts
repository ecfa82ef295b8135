import { argument, choice, integer, optionalArgument, optionalText, text } from "./kinds.ts";
import { outputFormats } from "../text/output-format.ts";
import { defaultStateFolder, defaultVxlanPort } from "./defaults.ts";
import { networksOption } from "./network-option.ts";

/** The connection that a command is about. */
export const connection = argument(
  "connection",
  "metadata.name of an IPSecConnection",
  "connections",
);

/** The child that a command is about, among those of its connection. */
export const child = optionalArgument("child", "one child only, by its key or name", "children");

/** The path that a command is about, among those of its connection. */
export const path = optionalArgument(
  "path",
  "the name of a path; by default the next one",
  "paths",
);

/** The folder with the control socket of `ipman run` or of an agent. */
export const stateFolder = text(
  "--state <folder>",
  'the state folder of "ipman run"',
  defaultStateFolder,
  { offers: "folders" },
);

export const output = choice("-o, --output <format>", "format", outputFormats, "text");

export const vxlanPort = integer("--vxlan-port <port>", "UDP port of the VXLAN segments", {
  least: 1,
  most: 65_535,
  fallback: defaultVxlanPort,
});

export const clusterNetworks = networksOption(
  "--cluster-networks <networks>",
  "networks of pods, Services and nodes, separated by commas, which stay outside of tunnels",
);

export const kubeconfig = optionalText(
  "--kubeconfig <file>",
  "kubeconfig of the API server; by default a pod's service account, $KUBECONFIG or ~/.kube/config",
  { offers: "files" },
);

/** The levels that pino knows. */
const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export const logLevel = choice("--log <level>", "least level that is logged", levels, "info");

export const logFormat = choice(
  "--log-format <format>",
  "auto is text on a terminal and JSON lines elsewhere",
  ["auto", "text", "json"],
  "auto",
);
