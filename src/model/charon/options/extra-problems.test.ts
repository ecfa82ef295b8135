import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childExtraProblems, connectionExtraProblems } from "./extra-problems.ts";
import { ipsecConfOptions } from "./ipsec-conf.ts";

const of = {
  connection: connectionExtraProblems,
  child: childExtraProblems,
} as const;

/** Options that are refused, with the end of the message. */
const refused: readonly (readonly [keyof typeof of, Record<string, string>, RegExp[]])[] = [
  [
    "child",
    { dpd_delay: "30s", keylife: "1h" },
    [
      /^is an option of the connection: move it to spec\.extra$/,
      /^is an option of ipsec\.conf: use life_time: 1h in the child's extra$/,
    ],
  ],
  ["connection", { esp_proposals: "aes256-sha256" }, [/a child: move it to the child's extra$/]],
  ["connection", { ike: "aes256-sha256-modp2048!" }, [/use proposals: aes256-sha256-modp2048 in/]],
  ["connection", { ike: "aes256-sha256" }, [/use proposals in spec\.extra$/]],
  ["connection", { keyingtries: "%forever" }, [/remove it; ipman tries again for ever$/]],
  ["child", { keyingtries: "3" }, [/move it to spec\.extra$/]],
  ["child", { auto: "route" }, [/use start_action: trap in the child's extra$/]],
  ["child", { auto: "add" }, [/use start_action: none in the child's extra$/]],
  ["child", { dpd_action: "hold" }, [/^"hold" is not allowed: use trap$/]],
  ["child", { dpd_action: "reset" }, [/use none, trap, start or trap\|start$/]],
  ["connection", { rightsubnet: "10.0.0.0/8" }, [/use the child's remote_ips$/]],
  ["connection", { leftupdown: "/bin/x" }, [/remove it: ipman configures the gateway without/]],
  ["connection", { leftsendcert: "yes" }, [/remove it: the manifest has both ends in its fields$/]],
  ["connection", { rekeytime: "1h" }, [/^is not an option: did you mean rekey_time\?$/]],
  ["connection", { sha256_69: "yes" }, [/did you mean sha256_96\?$/]],
  ["connection", { remoteId: "x" }, [/^is a field, not an option: move it out of extra, to spec$/]],
  ["child", { if_id: "7" }, [/move it out of extra, to the child$/]],
  ["connection", { auth: "psk" }, [/use localId, remoteId and secretRef$/]],
  ["child", { vips: "0.0.0.0" }, [/remove it; ip_pools has the addresses of workloads$/]],
  ["child", { mark_in: "42" }, [/remove it; if_id separates the tunnels$/]],
  ["child", { per_cpu_sas: "yes" }, [/need traps at both ends: remove it$/]],
  ["child", { mode: "transport" }, [/^"transport" is not allowed: use tunnel/]],
  ["connection", { ppk_required: "yes" }, [/\(PPK\) yet: remove it$/]],
  ["connection", { local_port: "1500" }, [/remove it; charon uses 500 and 4500$/]],
  ["connection", { dpd_delay: "010s" }, [/^"010s" is not a duration: use 90, 30s/]],
  ["child", { rekey_time: "2h", life_time: "1h" }, [/^is not longer than rekey_time/]],
  ["child", { rekey_time: "1h", life_time: "1h" }, [/^is not longer than rekey_time/]],
  ["child", { Rekey_Bytes: "2g", Life_Bytes: "1g" }, [/^is not longer than rekey_bytes/]],
  ["child", { rand_time: "1h" }, [/^is not shorter than rekey_time/]],
  ["connection", { rand_time: "2h", rekey_time: "1h" }, [/^is not shorter than rekey_time/]],
  ["connection", { rand_time: "2h", reauth_time: "1h" }, [/^is not shorter than reauth_time/]],
];

/** Options that are accepted. */
const accepted: readonly (readonly [keyof typeof of, Record<string, string>])[] = [
  ["child", { dpd_action: "start", esp_proposals: "aes256gcm16-ecp512bp" }],
  ["child", { dpd_action: "route", close_action: "trap", start_action: "trap|start" }],
  ["child", { close_action: "clear", hw_offload: "packet", icmp: "yes", per_cpu_sas: "no" }],
  ["child", { esp_proposals: "aes256gcm16-modp2048-none, aes256-sha256-esn-noesn" }],
  ["child", { rekey_time: "0s", life_time: "22s", rand_time: "0s" }],
  ["child", { rekey_time: "50m", life_time: "1h", rand_time: "5m", policies: "Enabled" }],
  ["connection", { encap: "true", mobike: "0", dscp: "101110", childless: "prefer" }],
  ["connection", { rekey_time: "0s", reauth_time: "4s", rand_time: "1s", local_port: "4500" }],
  ["connection", { proposals: "aes256gcm16-prfsha384-x25519-ke1_mlkem768,default" }],
  ["connection", { no_such_option: "1", constructor: "x" }],
];

describe("the extra of a manifest", () => {
  for (const [level, extra, messages] of refused) {
    it(`of a ${level} may not have ${JSON.stringify(extra)}`, () => {
      const problems = of[level](extra).map(({ message }) => message);
      assert.equal(problems.length, messages.length, problems.join("\n"));
      for (const [i, message] of messages.entries()) assert.match(problems[i] ?? "", message);
    });
  }

  for (const [level, extra] of accepted) {
    it(`of a ${level} may have ${JSON.stringify(extra)}`, () => {
      assert.deepEqual(of[level](extra), []);
    });
  }

  it("has problems at the names as they are written", () => {
    const problems = childExtraProblems({ Rekey_Time: "2h", LIFE_time: "1h" });
    assert.deepEqual(
      problems.map(({ path }) => path),
      ["LIFE_time"],
    );
  });

  it("has a remedy for every option of ipsec.conf that names an accepted option and value", () => {
    for (const [name, { example, remedy }] of Object.entries(ipsecConfOptions)) {
      const text = remedy(example);
      assert.match(text, /^(use|remove it:|copy) /, name);
      const [, option, value, place] = /^use (\w+): (\S+) in (spec|the child)/.exec(text) ?? [];
      if (option === undefined || value === undefined) continue;
      const problems = of[place === "spec" ? "connection" : "child"]({ [option]: value });
      assert.deepEqual(problems, [], `${name}: ${text}`);
    }
  });
});
