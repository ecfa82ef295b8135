import type { Session } from "vici-client";
import { charonConf, type CharonSettings } from "../../model/charon/charon-settings.ts";
import { replaceFile } from "../files/replace-file.ts";

const retryMs = 30_000;

/** A file with settings that charon's configuration includes, in a folder that both share. */
export class SettingsFile {
  readonly #path: string;
  readonly #settings: CharonSettings;
  readonly #onTrouble: (error: unknown) => void;
  #applied = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onTrouble receives failures; charon keeps its present settings */
  constructor(path: string, settings: CharonSettings, onTrouble: (error: unknown) => void) {
    this.#path = path;
    this.#settings = settings;
    this.#onTrouble = onTrouble;
  }

  /**
   * Writes the settings and makes a running charon reload them; a charon that starts later reads
   * them by itself. A failure is retried from time to time.
   */
  async apply(session: Pick<Session, "request">): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#applied) return;
    try {
      replaceFile(this.#path, charonConf(this.#settings), 0o644);
      await session.request("reload-settings", {});
      this.#applied = true;
    } catch (cause) {
      const { message } = cause as Error;
      this.#onTrouble(new Error(`charon did not apply its settings: ${message}`, { cause }));
      this.#timer = setTimeout(() => void this.apply(session), retryMs).unref();
    }
  }
}
