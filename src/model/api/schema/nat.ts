import { Type } from "typebox";
import { closed } from "./fields.ts";

const network = (description: string) => Type.String({ maxLength: 49, description });

/** How a gateway translates the addresses of a child. */
export const NatSpec = Type.Object(
  {
    source: Type.Optional(
      Type.Object(
        {
          addresses: Type.Optional(
            Type.String({
              maxLength: 96,
              description:
                "One address (10.0.2.50) or a range (10.0.2.50-10.0.2.53) that the partner sees in place of all workloads. The partner cannot open connections to workloads then.",
            }),
          ),
          networks: Type.Optional(
            Type.Array(
              Type.Object(
                {
                  local: network("A network of workloads, as on this side."),
                  seen: network("The network of the same length that the partner sees."),
                },
                closed,
              ),
              {
                minItems: 1,
                maxItems: 16,
                description:
                  "Networks that the partner sees under other addresses, one to one: the last part of an address stays. The partner can open connections.",
              },
            ),
          ),
        },
        {
          ...closed,
          description:
            "The addresses that the partner sees of this side, which local_ips contains: addresses or networks.",
        },
      ),
    ),
    remote: Type.Optional(
      Type.Array(
        Type.Object(
          {
            actual: network("A network of the partner, in remote_ips."),
            seen: network("The network of the same length by which workloads know it."),
          },
          closed,
        ),
        {
          minItems: 1,
          maxItems: 16,
          description:
            "Networks of the partner that this side knows under other addresses, one to one, as if both sides use the same network. routes and probe name the addresses that workloads use.",
        },
      ),
    ),
  },
  {
    ...closed,
    description:
      "Translation of addresses in the gateway. local_ips and remote_ips are the networks that the partner knows.",
  },
);

export type NatSpec = Type.Static<typeof NatSpec>;
