import { dirname, join } from "node:path";
import { KeptAddresses, keptAddressesCodec } from "../../adapters/floating/kept-addresses.ts";
import { StateFile } from "../../adapters/files/state-file.ts";
import { knownChildrenCodec } from "../../adapters/host/known-child.ts";
import { SettingsFile } from "../../adapters/vici/settings-file.ts";
import type { CharonSettings } from "../../model/charon/charon-settings.ts";
import { ChildMemory } from "./child-memory.ts";
import type { KernelNetwork } from "../kernel/kernel-network.ts";
import { NodeAddresses } from "../kernel/node-addresses.ts";

/** The files of an agent in charon's folder on the node: they last as long as what is in the kernel. */
export class NodeFiles {
  readonly #folder: string;
  readonly #onTrouble: (error: unknown) => void;

  /** @param vici the path of charon's socket, in that folder */
  constructor(vici: string, onTrouble: (error: unknown) => void) {
    this.#folder = dirname(vici);
    this.#onTrouble = onTrouble;
  }

  /** The children whose gateways are in the kernel. */
  memory(): ChildMemory {
    return new ChildMemory(
      new StateFile(join(this.#folder, "children.json"), knownChildrenCodec),
      this.#onTrouble,
    );
  }

  /** The floating addresses that the node has. */
  addresses(network: KernelNetwork): NodeAddresses {
    const file = new StateFile(join(this.#folder, "addresses.json"), keptAddressesCodec);
    return new NodeAddresses({
      namespace: () => network.kernelNamespace(),
      kept: new KeptAddresses(file, this.#onTrouble),
    });
  }

  /** A charon that starts after the agent has these settings from the beginning. */
  settings(settings: CharonSettings): SettingsFile {
    return new SettingsFile(join(this.#folder, "charon.conf"), settings, this.#onTrouble);
  }
}
