import { connect } from "node:net";
import { printable, printableValue } from "../../model/text/printable.ts";
import { encodeLine, LineDecoder, type ControlReply, type ControlRequest } from "./protocol.ts";

/**
 * Sends a request to a runtime and returns the results as they arrive; `signal` ends the wait for
 * the next one. Their texts are made safe for a terminal, since they may contain names from
 * manifests and messages of peers.
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

/** Sends a request and returns its first result. */
export async function askOnce(path: string, request: ControlRequest): Promise<unknown> {
  for await (const result of ask(path, request)) return result;
  throw new Error(`${path} was closed without an answer`);
}

function explained(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ECONNREFUSED") return error;
  return new Error(
    `ipman does not answer on ${path}: is "ipman run" running with this --state folder?`,
    {
      cause: error,
    },
  );
}
