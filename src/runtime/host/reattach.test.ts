import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { of, throwError } from "rxjs";
import { nothingDesired } from "../desired/desired-state.ts";
import type { AttachPorts } from "./attach.ts";
import { reattach } from "./reattach.ts";

describe("workers that have to be attached again", () => {
  it("are reported with the reason if that fails for minutes, and not tried any longer", (t) => {
    t.mock.timers.enable({ apis: ["setInterval", "Date"] });
    let attempts = 0;
    const asked: boolean[] = [];
    const request = { netns: "/run/netns/app", connection: "site", child: "lan", pool: "primary" };
    const placement = {
      requestsToRepeat: (_: unknown, haveOtherSecrets: boolean) => {
        asked.push(haveOtherSecrets);
        return [request];
      },
      placed: () => {
        attempts++;
        return throwError(() => new Error("the gateway of site/lan is not ready"));
      },
    };
    const troubles: string[] = [];
    const ports = { desired: of(nothingDesired), placement, network: {} };
    const subscription = reattach(ports as unknown as AttachPorts, {
      haveOtherSecrets: true,
      onAttached: () => assert.fail("it cannot be attached"),
      onTrouble: (error) => void troubles.push((error as Error).message),
    });
    for (let second = 0; second < 600; second++) t.mock.timers.tick(1_000);
    assert.deepEqual(asked, [true]);
    assert.equal(attempts, 11);
    assert.deepEqual(troubles, [
      `/run/netns/app was not attached again: the gateway of site/lan is not ready; attach it by "ipman attach"`,
    ]);
    subscription.unsubscribe();
  });
});
