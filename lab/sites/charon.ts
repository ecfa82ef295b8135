import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type Session } from "vici-client";
import type { CharonVersion } from "../../src/model/charon/proposals/charon-version.ts";
import { PeerRoot } from "../peers/peer-root.ts";
import { end, eventually, sh, start } from "./shell.ts";

/** The plugins that IKEv2 with a pre-shared key needs: charon starts faster, without other sockets. */
const plugins =
  "random nonce aes sha1 sha2 md5 hmac kdf cmac xcbc gcm ctr ccm chapoly curve25519 openssl " +
  "pem pkcs1 pubkey x509 kernel-netlink socket-default vici counters";

export interface CharonOptions {
  /** The name of its folder and of its socket. */
  readonly name: string;
  /** The network namespace; undefined for the machine's own. */
  readonly netns?: string;
  /** The folder that is its root; it must have `folder` and /run at their usual places. */
  readonly root?: string;
  /** The name of the root that it has, instead of {@link charonUnderTest}; "" is the host's. */
  readonly image?: string;
  readonly folder: string;
  /** Lines for strongswan.conf's section `charon-systemd`. */
  readonly settings?: readonly string[];
}

/**
 * The name of the root with the charon under test, such as `ipman-charon`; "" is the host's own
 * charon, which the peer has.
 */
export const charonUnderTest = process.env["IPMAN_LAB_CHARON"] ?? "";

/** A real charon with its own folder. */
export class Charon implements AsyncDisposable {
  readonly #options: CharonOptions;
  readonly #folder: string;
  #root: PeerRoot | undefined;
  #process: ChildProcess | undefined;
  #version: CharonVersion | undefined;

  constructor(options: CharonOptions) {
    this.#options = options;
    this.#folder = join(options.folder, options.name);
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, "strongswan.conf"), this.#configuration());
  }

  get vici(): string {
    return join("/run", `${this.#options.name}.vici`);
  }

  /** The version that it reported at its start. */
  get version(): CharonVersion {
    if (this.#version === undefined) throw new Error(`${this.#options.name} was not started`);
    return this.#version;
  }

  get log(): string {
    return readFileSync(join(this.#folder, "charon.log"), "utf8");
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts charon; resolves once it answers. */
  async start(): Promise<void> {
    const { netns } = this.#options;
    const root = this.#rootFolder();
    const [program, ...args] = [
      ...(netns === undefined ? [] : ["ip", "netns", "exec", netns]),
      ...(root === undefined ? [] : ["chroot", root]),
      "charon-systemd",
    ];
    this.#process = start(join(this.#folder, "output.log"), program, args, {
      STRONGSWAN_CONF: join(this.#folder, "strongswan.conf"),
    });
    const session = await eventually(() => connect({ path: this.vici }), 20_000);
    const { version } = await session.request("version");
    this.#version = /^\d+\.\d+\.\d+/.exec(version)?.[0] as CharonVersion | undefined;
    session.close();
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#process !== undefined) await end(this.#process, signal);
    this.#process = undefined;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Opens a VICI session for the test. */
  session(): Promise<Session> {
    return connect({ path: this.vici });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    this.#root?.[Symbol.dispose]();
    this.#root = undefined;
  }

  /** The folder that becomes its root; undefined for the host's. */
  #rootFolder(): string | undefined {
    const {
      netns,
      root,
      image = netns === undefined ? charonUnderTest : "",
      folder,
    } = this.#options;
    if (root !== undefined || image === "") return root;
    if (this.#root === undefined) {
      this.#root = new PeerRoot(image, folder);
      // Otherwise its /run would show the mounts of the next root, and unmount them with it.
      sh("mount", "--make-rprivate", this.#root.path);
    }
    return this.#root.path;
  }

  #configuration(): string {
    return [
      "charon-systemd {",
      `  load = ${plugins}`,
      "  make_before_break = yes",
      "  install_routes = no",
      "  plugins {",
      "    kernel-netlink {",
      "      roam_events = no",
      "    }",
      "    vici {",
      `      socket = unix://${this.vici}`,
      "    }",
      "  }",
      "  filelog {",
      "    log {",
      `      path = ${join(this.#folder, "charon.log")}`,
      "      default = 1",
      "      time_format = %H:%M:%S",
      "      flush_line = yes",
      "    }",
      "  }",
      ...(this.#options.settings ?? []).map((line) => `  ${line}`),
      "}",
      "",
    ].join("\n");
  }
}
