import { SimulatedCharon } from "../../test/simulator/charon.ts";

/** A simulated charon as a separate process; its argument is the socket's path. */
const [, , path = ""] = process.argv;
await using simulator = new SimulatedCharon({ peer: () => "answers" });
await simulator.listen(path);
process.stdout.write("listens\n");
await new Promise((resolve) => process.once("SIGTERM", resolve));
