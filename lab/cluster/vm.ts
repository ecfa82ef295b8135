import type { ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { umlCommand } from "../machines/uml.ts";
import { end, eventually, ip, start } from "../sites/shell.ts";

export interface VmOptions {
  readonly name: string;
  /** The machine's address on the cluster's network. */
  readonly address: string;
  readonly memory: string;
  readonly processor: number;
  /** The folder of the machine's logs and its job. */
  readonly folder: string;
  /** The script that the machine runs, which ends with the shell server. */
  readonly script: string;
}

const port = 9999;
/** A host with an empty page cache needs minutes to read the programs of a node. */
const bootMs = 400_000;
/** A request to a booting machine may be lost, and is repeated. */
const lookMs = 10_000;
const limitSeconds = 5_000;

const exchangeOf = ({ folder, name }: VmOptions) => join(folder, name);

const tapOf = ({ name }: VmOptions) => `tap-${name}`;

/** A machine keeps its MAC address when it boots again, which others have learned. */
function macOf({ address }: VmOptions): string {
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  return ["02", "00", ...bytes].join(":");
}

/** Starts the process of a machine, whose job and tap exist. */
function boot(options: VmOptions): ChildProcess {
  const { memory, processor } = options;
  const exchange = exchangeOf(options);
  const command = umlCommand({
    memory,
    exchange,
    limitSeconds,
    processor,
    tap: tapOf(options),
    mac: macOf(options),
  });
  const [program = "", ...args] = command;
  return start(join(exchange, "console.log"), program, args);
}

/** A machine of User-Mode Linux on the lab's bridge. */
export class Vm implements AsyncDisposable {
  readonly #options: VmOptions;
  #process: ChildProcess;

  private constructor(options: VmOptions) {
    this.#options = options;
    this.#process = boot(options);
  }

  static boot(options: VmOptions): Vm {
    const { script } = options;
    const exchange = exchangeOf(options);
    mkdirSync(exchange, { recursive: true });
    writeFileSync(join(exchange, "job"), script);
    const tap = tapOf(options);
    ip(`tuntap add ${tap} mode tap`);
    ip(`link set ${tap} master lab0 up`);
    return new Vm(options);
  }

  /** Ends the machine at once, as if its power was cut. */
  async powerOff(): Promise<void> {
    const { pid } = this.#process;
    if (pid === undefined || this.#process.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    // The kernel and its processes are a session of their own; the parent is `timeout`.
    const kernel = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
    process.kill(-kernel, "SIGKILL");
    await gone;
  }

  /** Boots the machine again, with empty disks. */
  powerOn(): void {
    this.#process = boot(this.#options);
  }

  get name(): string {
    return this.#options.name;
  }

  get address(): string {
    return this.#options.address;
  }

  /** Resolves once the machine accepts commands. @throws with the ends of its logs */
  async answers(): Promise<void> {
    const ended = () => this.#process.exitCode !== null;
    try {
      const look = async () => ended() || (await this.#post("true", AbortSignal.timeout(lookMs)));
      await eventually(look, bootMs, 250);
      if (ended()) throw new Error("the machine ended");
    } catch (cause) {
      throw new Error(`${this.name} does not answer:\n${this.#lastWords()}`, { cause });
    }
  }

  /** The ends of the console and of all logs. */
  #lastWords(): string {
    const folder = exchangeOf(this.#options);
    const logs = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const tails = logs
      .filter((name) => name.endsWith(".log"))
      .map((name) => `${name}: ${readFileSync(join(folder, name), "utf8").slice(-2_000)}`);
    return tails.join("\n");
  }

  /** Runs a script and returns its output. @throws with the output if it fails */
  async sh(script: string): Promise<string> {
    const output = await this.#post(script);
    const at = output.lastIndexOf("\n");
    const status = output.slice(at + 1);
    const printed = output.slice(0, at);
    if (status === "0") return printed;
    throw new Error(`${this.name}: ${script}\nended with ${status}: ${printed}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#process, "SIGKILL");
  }

  #post(script: string, signal?: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { host: this.address, port, method: "POST", agent: false, signal };
      const call = request(options, (response) => {
        let output = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (output += chunk));
        response.on("end", () => resolve(output));
        response.on("error", reject);
      });
      call.on("error", reject);
      call.end(script);
    });
  }
}
