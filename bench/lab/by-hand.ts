import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { psk, sites } from "../../lab/sites/manifests.ts";
import { sh } from "../../lab/sites/shell.ts";

/**
 * The lab's tunnel without ipman: an administrator's scripts of swanctl, ip and bridge that create
 * the same devices.
 */
export class ByHand {
  readonly #folder: string;
  readonly #vici: string;

  constructor(folder: string, vici: string) {
    this.#folder = folder;
    this.#vici = vici;
    writeFileSync(join(folder, "swanctl.conf"), swanctlConf);
    writeFileSync(join(folder, "up.sh"), this.#up());
    writeFileSync(join(folder, "attach.sh"), attach);
    writeFileSync(join(folder, "down.sh"), this.#down());
  }

  /** Creates tunnel and gateway. */
  up(): void {
    this.#run("up.sh");
  }

  /** Attaches the worker `app`. */
  attach(): void {
    this.#run("attach.sh");
  }

  down(): void {
    this.#run("down.sh");
  }

  #run(script: string): void {
    sh("sh", "-eu", join(this.#folder, script));
  }

  #up(): string {
    const swanctl = (words: string) => `swanctl ${words} --uri unix://${this.#vici} >/dev/null`;
    return `
${swanctl(`--load-all --file ${join(this.#folder, "swanctl.conf")}`)}
${swanctl("--initiate --ike good --child child-2")}
ip netns add fabric
ip -n fabric link add fabric mtu 9000 type bridge
ip -n fabric link set fabric up
ip netns add gw
ip -n fabric link add p-gw mtu 9000 type veth peer name ipman0 mtu 9000 netns gw
ip -n fabric link set p-gw master fabric up
ip -n gw link set lo up
ip -n gw link set ipman0 up
ip -n gw addr add 198.18.0.1/16 dev ipman0
ip link add xfrm102 mtu 1438 type xfrm if_id 102
ip link set xfrm102 netns gw
ip -n gw link set xfrm102 up
ip -n gw addr add 10.0.2.1/24 dev xfrm102 noprefixroute
ip -n gw link add vxlan102 address 02:00:00:00:00:01 mtu 8950 type vxlan id 102 dev ipman0 dstport 7789
ip -n gw link set vxlan102 up
ip -n gw addr add 10.0.2.2/24 dev vxlan102 noprefixroute
ip -n gw route add 10.1.2.0/24 dev xfrm102
ip netns exec gw sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter'
ip netns exec gw nft 'table inet clamp { chain forward { type filter hook forward priority mangle; tcp flags syn / syn,rst tcp option maxseg size set rt mtu; }; }'
`;
  }

  #down(): string {
    const swanctl = (words: string) => `swanctl ${words} --uri unix://${this.#vici} >/dev/null`;
    return `
${swanctl("--terminate --ike good --force")}
for netns in app gw fabric; do ip netns del $netns; done
printf '' >${join(this.#folder, "empty.conf")}
${swanctl(`--load-all --clear --file ${join(this.#folder, "empty.conf")}`)}
`;
  }
}

/** The same steps as \`ipman attach\` and the gateway for a new worker. */
const attach = `
ip -n fabric link add p-app mtu 9000 type veth peer name ipman0 mtu 9000 netns app
ip -n fabric link set p-app master fabric up
ip -n app link set lo up
ip -n app link set ipman0 up
ip -n app addr add 198.18.0.2/16 dev ipman0
ip -n app link add vxlan102 address 02:00:00:00:00:02 mtu 1438 type vxlan id 102 dev ipman0 dstport 7789
ip -n app link set vxlan102 up
ip -n app addr add 10.0.2.3/24 dev vxlan102 noprefixroute
ip -n app route add 10.0.2.1/32 dev vxlan102 src 10.0.2.3
ip -n app route add 10.1.2.0/24 via 10.0.2.1 dev vxlan102 src 10.0.2.3 onlink
ip -n app neigh replace 10.0.2.1 lladdr 02:00:00:00:00:01 dev vxlan102 nud permanent
bridge -n app fdb append 00:00:00:00:00:00 dev vxlan102 dst 198.18.0.1
ip -n gw route add 10.0.2.3/32 dev vxlan102
ip -n gw neigh replace 10.0.2.3 lladdr 02:00:00:00:00:02 dev vxlan102 nud permanent
bridge -n gw fdb append 00:00:00:00:00:00 dev vxlan102 dst 198.18.0.2
bridge -n gw fdb replace 02:00:00:00:00:02 dev vxlan102 dst 198.18.0.2
`;

const swanctlConf = `
connections {
  good {
    version = 2
    proposals = aes256-sha256-ecp256
    local_addrs = ${sites.node.v4}
    remote_addrs = ${sites.peer.v4}
    local {
      auth = psk
      id = node.good
    }
    remote {
      auth = psk
      id = peer.good
    }
    children {
      child-2 {
        esp_proposals = aes256-sha256-ecp256
        local_ts = 10.0.2.0/24
        remote_ts = 10.1.2.0/24
        if_id_in = 102
        if_id_out = 102
      }
    }
  }
}
secrets {
  ike-good {
    id = peer.good
    secret = "${psk}"
  }
}
`;
