import { fabricDevice } from "./fabric.ts";
import type { OwnNamespace } from "./own-namespace.ts";
import { vxlanName } from "../../model/network/gateway-plan.ts";

/** The namespace of the gateway of a child, by the child's if_id, which is unique on a host. */
export function gatewayNamespace(ifId: number): OwnNamespace {
  const name = `ipman-${ifId}`;
  return {
    name,
    isOurs: (link) =>
      link.xfrm?.ifId === ifId ||
      (link.kind === "vxlan" && link.name === vxlanName({ ifId })) ||
      (link.kind === "veth" && link.name === fabricDevice),
    remedy: `give it another name, remove it ("ip netns delete ${name}"), or give the child another if_id`,
  };
}

/** The if_id in the name of a gateway's namespace. */
export function ifIdOfNamespace(name: string): number | undefined {
  const digits = /^ipman-(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
