import { done, type Command } from "./command.ts";
import { text } from "./values.ts";

/** The shared keys of charon, by id. */
export type SharedKeys = Map<string, { readonly data: unknown; readonly owners: unknown }>;

/** The commands that change and list keys. */
export function keyCommands(keys: SharedKeys): Record<string, Command> {
  return {
    "load-shared": ({ id, data, owners }) => {
      keys.set(text(id), { data, owners });
      return done;
    },
    "unload-shared": ({ id }) => {
      keys.delete(text(id));
      return done;
    },
    "clear-creds": () => {
      keys.clear();
      return done;
    },
    "get-shared": () => ({ keys: [...keys.keys()] }),
  };
}
