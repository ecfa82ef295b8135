import type { Connection } from "../../model/api/connection.ts";
import { hasSeveralPaths, pathConnections, pathNames } from "../../model/api/path.ts";
import { ofDeclared, viaOf } from "./connection-facts.ts";
import type { ConnectionContext } from "./connection-types.ts";
import { groupsDeclared } from "./elsewhere.ts";
import { choiceWith } from "./path-choice.ts";

/** The part of a connection's context that follows from a declaration. */
type DeclaredChoice = Pick<
  ConnectionContext,
  "connection" | "active" | "dialled" | "dials" | "chosen" | "via" | "choice" | "keys"
>;

/** The choice after a declaration, before the actor that chooses has decided. */
export function declaredChoice(context: ConnectionContext, connection: Connection): DeclaredChoice {
  const { choice } = context;
  const names = pathNames(connection);
  const active = names.includes(context.active) ? context.active : (names[0] as string);
  const dialled = names.find((path) => path === context.dialled);
  const isSingle = !hasSeveralPaths(connection);
  const pathsHere = pathConnections(connection).map(({ path }) => path);
  return {
    connection,
    active,
    dialled,
    // Without charon, a new choice waits for its list of SAs.
    dials: isSingle || (context.dials && context.charonReady),
    chosen: context.chosen || isSingle,
    via: viaOf({ connection, active, dialled, via: context.via }),
    choice: choiceWith(choice, {
      awaited: names.find((path) => path === choice.awaited),
      groups: groupsDeclared(choice.groups, connection),
      epoch: connection.here === undefined ? 0 : choice.epoch,
    }),
    keys: ofDeclared(context.keys, pathsHere),
  };
}
