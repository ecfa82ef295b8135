import type { Connection, Path } from "../api/connection.ts";
import { problemAt, type Problem } from "../api/result.ts";
import { isTrue } from "../charon/options/value-kind.ts";
import { own } from "../value/own.ts";

type Values = Pick<Path, "extra" | "localAddr" | "behindFrontend">;

/** The declarations of a connection that do not work behind the Service of a CharonGroup. */
export function frontendWarnings(connection: Connection): Problem[] {
  return [
    ...warningsAt("spec", connection),
    // A path inherits the values that it does not declare.
    ...connection.paths.flatMap((path, i) => warningsAt(`spec.paths[${i}]`, path, connection)),
  ];
}

function warningsAt(place: string, values: Values, inherited?: Values): Problem[] {
  if (!values.behindFrontend) return [];
  const warned = inherited?.behindFrontend === true ? inherited : undefined;
  const encap = own(values.extra, "encap");
  const isOff = encap !== undefined && !isTrue(encap);
  const isOwnEncap = encap !== (warned && own(warned.extra, "encap"));
  const { localAddr } = values;
  return [
    ...problemAt(
      `${place}.extra.encap`,
      isOff && isOwnEncap
        ? "the CharonGroup has a frontendServiceType, and a Service forwards only UDP: ESP without encapsulation does not reach charon; remove encap"
        : undefined,
    ),
    ...problemAt(
      `${place}.localAddr`,
      localAddr !== undefined && localAddr !== warned?.localAddr
        ? `the CharonGroup has a frontendServiceType, so charon receives packets at its pod's address and not at ${localAddr}; leave it empty`
        : undefined,
    ),
  ];
}
