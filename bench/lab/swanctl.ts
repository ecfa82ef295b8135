import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { psk } from "../../lab/sites/manifests.ts";
import { sh } from "../../lab/sites/shell.ts";

/** A child in swanctl.conf. */
export interface HandChild {
  readonly name: string;
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly ifId: number;
}

/** A connection in swanctl.conf. */
export interface HandConnection {
  readonly name: string;
  readonly localAddr: string;
  readonly remoteAddr: string;
  readonly proposals: string;
  readonly espProposals: string;
  readonly children: readonly HandChild[];
}

/** A connection that an administrator brings up with `swanctl`, a command for each step. */
export class Swanctl {
  readonly #connection: HandConnection;
  readonly #file: string;
  readonly #empty: string;
  readonly #uri: string;

  /** @param vici the path of charon's socket */
  constructor(folder: string, vici: string, connection: HandConnection) {
    this.#connection = connection;
    this.#file = join(folder, `${connection.name}.conf`);
    this.#empty = join(folder, "empty.conf");
    this.#uri = `unix://${vici}`;
    writeFileSync(this.#file, fileOf(connection));
    writeFileSync(this.#empty, "");
  }

  /** Loads the connection and initiates its children, one after the other. */
  up(): void {
    const { name, children } = this.#connection;
    this.#run("--load-all", "--file", this.#file);
    for (const child of children) this.#run("--initiate", "--ike", name, "--child", child.name);
  }

  down(): void {
    this.#run("--terminate", "--ike", this.#connection.name, "--force");
    this.#run("--load-all", "--clear", "--file", this.#empty);
  }

  #run(...words: string[]): void {
    sh("swanctl", ...words, "--uri", this.#uri);
  }
}

function fileOf({
  name,
  localAddr,
  remoteAddr,
  proposals,
  espProposals,
  children,
}: HandConnection): string {
  const sections = children.map(
    (child) => `      ${child.name} {
        esp_proposals = ${espProposals}
        local_ts = ${child.local.join(", ")}
        remote_ts = ${child.remote.join(", ")}
        if_id_in = ${child.ifId}
        if_id_out = ${child.ifId}
      }`,
  );
  return `connections {
  ${name} {
    version = 2
    proposals = ${proposals}
    local_addrs = ${localAddr}
    remote_addrs = ${remoteAddr}
    local {
      auth = psk
      id = node.${name}
    }
    remote {
      auth = psk
      id = peer.${name}
    }
    children {
${sections.join("\n")}
    }
  }
}
secrets {
  ike-${name} {
    id = peer.${name}
    secret = "${psk}"
  }
}
`;
}
