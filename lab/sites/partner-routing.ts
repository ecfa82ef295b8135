import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { end, start } from "./shell.ts";

/** The routing of a partner: a network by one of two devices, and the namespace that has them. */
export interface PartnerRoutes {
  readonly netns: string;
  readonly network: string;
  /** The host behind the tunnel that is asked by each device, and the address that asks. */
  readonly probed: string;
  readonly source: string;
  /** Each device, and the gateway behind it if there is one. The first one is preferred at the start. */
  readonly hops: readonly [string, string];
}

/**
 * Asks a host by the present device, and by the other one once two questions were not answered, from which
 * its answers come then. A question is answered only by the device that sent it.
 */
const script = `
network=$1 probed=$2 source=$3 present=$4 other=$5
asks() { ping -n -q -c 1 -W 0.2 -I "\${1%% *}" -I "$source" "$probed" >/dev/null 2>&1; }
while :; do
  if asks "$present"; then sleep 0.05; continue; fi
  if asks "$present" || ! asks "$other"; then continue; fi
  ip route replace "$network" dev \${other} metric 10
  swap=$present present=$other other=$swap
  echo "$(date +%s.%N) by $present"
done
`;

/**
 * A partner whose routing follows its own probes: of two routes, that by which a host behind our gateway
 * answers has the better metric.
 */
export class PartnerRouting implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor(folder: string, routes: PartnerRoutes) {
    const { netns, network, probed, source, hops } = routes;
    const log = join(folder, "partner-routing.log");
    const command = ["bash", "-c", script, "partner", network, probed, source, ...hops];
    this.#process = start(log, "ip", ["netns", "exec", netns, ...command]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return end(this.#process, "SIGKILL");
  }
}
