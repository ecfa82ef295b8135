import type { Session } from "vici-client";
import { charonConf, type CharonSettings } from "../../model/charon/charon-settings.ts";
import { replaceFile } from "../files/replace-file.ts";

const againMs = 30_000;

/** A file that charon's configuration includes, in a folder that both have. */
export class SettingsFile {
  readonly #path: string;
  readonly #settings: CharonSettings;
  readonly #onTrouble: (error: unknown) => void;
  #taken = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onTrouble hears what charon does not take; it goes on with the settings it has */
  constructor(path: string, settings: CharonSettings, onTrouble: (error: unknown) => void) {
    this.#path = path;
    this.#settings = settings;
    this.#onTrouble = onTrouble;
  }

  /**
   * Has a charon that runs read them; one that starts after that does so by itself. Where they
   * cannot be written, or charon refuses them, that is tried again now and then.
   */
  async apply(session: Pick<Session, "request">): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#taken) return;
    try {
      replaceFile(this.#path, charonConf(this.#settings), 0o644);
      await session.request("reload-settings", {});
      this.#taken = true;
    } catch (cause) {
      const why = (cause as Error).message;
      this.#onTrouble(new Error(`charon did not take its settings: ${why}`, { cause }));
      this.#timer = setTimeout(() => void this.apply(session), againMs).unref();
    }
  }
}
