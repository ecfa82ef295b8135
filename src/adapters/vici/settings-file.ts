import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Session } from "vici-client";
import { charonConf, type CharonSettings } from "../../model/charon-settings.ts";

/** A file that charon's configuration includes, in a folder that both have. */
export class SettingsFile {
  readonly #path: string;
  readonly #settings: CharonSettings;
  readonly #onTrouble: (error: unknown) => void;
  #taken = false;

  /** @param onTrouble hears what charon does not take; it goes on with the settings it has */
  constructor(path: string, settings: CharonSettings, onTrouble: (error: unknown) => void) {
    this.#path = path;
    this.#settings = settings;
    this.#onTrouble = onTrouble;
  }

  /** Has a charon that runs read them; one that starts after that does so by itself. */
  async apply(session: Pick<Session, "request">): Promise<void> {
    if (this.#taken) return;
    try {
      this.#write();
      await session.request("reload-settings", {});
      this.#taken = true;
    } catch (cause) {
      const why = (cause as Error).message;
      this.#onTrouble(new Error(`charon did not take its settings: ${why}`, { cause }));
    }
  }

  /** As a whole: a charon that starts just now never reads half of it. */
  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.new`, charonConf(this.#settings));
    renameSync(`${this.#path}.new`, this.#path);
  }
}
