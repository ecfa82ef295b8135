import { parseAddress } from "./address.ts";
import { childProblems } from "./child-problems.ts";
import { connectionExtraProblems } from "./extra.ts";
import { isHostName, labelValueProblem, objectNameProblem, secretKeyProblem } from "./names.ts";
import { overlap, parsePrefix, type Prefix } from "./prefix.ts";
import { problemAt, type Problem } from "./result.ts";
import type { ChildSpec, IPSecConnection, IPSecConnectionSpec } from "./schema/ipsec-connection.ts";

/** What is wrong with a well-shaped connection on its own, all of it. */
export function connectionProblems({ metadata, spec }: IPSecConnection): Problem[] {
  return [
    ...problemAt("metadata.name", objectNameProblem(metadata.name)),
    ...problemAt("spec.name", labelValueProblem(spec.name)),
    ...problemAt("spec.secretRef.name", objectNameProblem(spec.secretRef.name)),
    ...problemAt("spec.secretRef.namespace", objectNameProblem(spec.secretRef.namespace)),
    ...problemAt("spec.secretRef.key", secretKeyProblem(spec.secretRef.key)),
    ...addressProblems(spec),
    ...placementProblems(spec),
    ...extraProblems(spec),
    ...(spec.allowedNamespaces ?? []).flatMap((name, i) =>
      problemAt(`spec.allowedNamespaces[${i}]`, objectNameProblem(name)),
    ),
    ...Object.entries(spec.children).flatMap(([key, child]) => childProblems(key, child)),
    ...siblingProblems(Object.entries(spec.children)),
  ];
}

function addressProblems(spec: IPSecConnectionSpec): Problem[] {
  return [...remoteProblems(spec), ...localProblems(spec)];
}

function remoteProblems({ remoteAddr }: IPSecConnectionSpec): Problem[] {
  if (parseAddress(remoteAddr) !== undefined || isHostName(remoteAddr)) return [];
  const message = `"${remoteAddr}" is neither an IP address nor a DNS name; ranges and prefixes are not possible`;
  return [{ path: "spec.remoteAddr", message }];
}

function localProblems({ remoteAddr, localAddr }: IPSecConnectionSpec): Problem[] {
  const remote = parseAddress(remoteAddr);
  if (localAddr === "" || localAddr === "%any") return [];
  const local = parseAddress(localAddr);
  const path = "spec.localAddr";
  if (local === undefined) {
    return [
      {
        path,
        message: `"${localAddr}" is no IP address; leave it empty, or %any, to let the routes decide`,
      },
    ];
  }
  if (remote === undefined || local.family === remote.family) return [];
  return [
    {
      path,
      message: `is IPv${local.family}, but remoteAddr is IPv${remote.family}: use one family for both`,
    },
  ];
}

function placementProblems(spec: IPSecConnectionSpec): Problem[] {
  const problems: Problem[] = [];
  if (spec.nodeName !== undefined && spec.groupRef !== undefined) {
    const message = "nodeName and groupRef are both set: keep the one that says where charon runs";
    problems.push({ path: "spec.nodeName", message });
  }
  if (spec.nodeName !== undefined) {
    problems.push(...problemAt("spec.nodeName", objectNameProblem(spec.nodeName)));
  }
  if (spec.groupRef !== undefined) {
    problems.push(...problemAt("spec.groupRef.name", objectNameProblem(spec.groupRef.name)));
    problems.push(
      ...problemAt("spec.groupRef.namespace", objectNameProblem(spec.groupRef.namespace)),
    );
  }
  return problems;
}

function extraProblems(spec: IPSecConnectionSpec): Problem[] {
  return connectionExtraProblems(spec.extra ?? {}).map(({ path, message }) => ({
    path: `spec.extra.${path}`,
    message,
  }));
}

/** What two children of one connection must not share. */
function siblingProblems(children: readonly [string, ChildSpec][]): Problem[] {
  return children.flatMap(([key, child], i) =>
    children.slice(0, i).flatMap(([otherKey, other]) => {
      const path = `spec.children.${key}`;
      return [
        ...nameClash(path, key, child, otherKey, other),
        ...(child.if_id === other.if_id
          ? [
              {
                path: `${path}.if_id`,
                message: `${child.if_id} is the if_id of ${otherKey} as well: each child needs its own`,
              },
            ]
          : []),
        ...selectorClash(path, child, otherKey, other),
      ];
    }),
  );
}

function nameClash(
  path: string,
  key: string,
  child: ChildSpec,
  otherKey: string,
  other: ChildSpec,
): Problem[] {
  const names = new Set([otherKey, other.name]);
  const clash = names.has(child.name) ? child.name : names.has(key) ? key : undefined;
  if (clash === undefined) return [];
  const message = `"${clash}" also means the child ${otherKey}: keys and names must tell children apart`;
  return [{ path: `${path}.name`, message }];
}

function selectorClash(
  path: string,
  child: ChildSpec,
  otherKey: string,
  other: ChildSpec,
): Problem[] {
  const local = overlapOf(child.local_ips, other.local_ips);
  const remote = overlapOf(child.remote_ips, other.remote_ips);
  if (local === undefined || remote === undefined) return [];
  const message = `${local} to ${remote} overlaps with the child ${otherKey}: the peer could not tell which tunnel a packet belongs to`;
  return [{ path: `${path}.remote_ips`, message }];
}

function overlapOf(a: string[] | undefined, b: string[] | undefined): string | undefined {
  const others = (b ?? [])
    .map(parsePrefix)
    .filter((prefix): prefix is Prefix => prefix !== undefined);
  return a?.find((text) => {
    const prefix = parsePrefix(text);
    return prefix !== undefined && others.some((other) => overlap(prefix, other));
  });
}
