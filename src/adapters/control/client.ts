import { connect } from "node:net";
import { printable, printableValue } from "../../model/text/printable.ts";
import { encodeLine, LineDecoder, type ControlReply, type ControlRequest } from "./protocol.ts";

/**
 * The results of one request to a runtime, as they come; `signal` ends the wait for the next.
 * Their texts can go to a terminal: names in manifests and words of peers are among them.
 */
export async function* ask(
  path: string,
  request: ControlRequest,
  signal?: AbortSignal,
): AsyncGenerator<unknown, void> {
  const socket = connect({ path, ...(signal !== undefined && { signal }) });
  socket.setEncoding("utf8");
  socket.write(encodeLine(request));
  const lines = new LineDecoder();
  try {
    for await (const chunk of socket) {
      for (const reply of lines.push(chunk as string) as ControlReply[]) {
        if ("error" in reply) throw new Error(printable(reply.error));
        yield printableValue(reply.result);
      }
    }
  } catch (error) {
    throw explained(path, error);
  } finally {
    socket.destroy();
  }
}

/** The one result of a request. */
export async function askOnce(path: string, request: ControlRequest): Promise<unknown> {
  for await (const result of ask(path, request)) return result;
  throw new Error(`${path} gave no answer`);
}

function explained(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ECONNREFUSED") return error;
  return new Error(
    `no ipman answers on ${path}: is "ipman run" running, with this --state folder?`,
    {
      cause: error,
    },
  );
}
