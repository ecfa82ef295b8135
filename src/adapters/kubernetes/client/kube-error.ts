import { own } from "../../../model/value/own.ts";

/** What came of a request that failed, by the API server's own reasons. */
export type KubeErrorCode =
  | "not-found"
  | "exists"
  | "conflict"
  | "invalid"
  | "denied"
  | "expired"
  | "busy"
  | "unavailable";

/** A request to the API server that failed. Its message is the server's, where there is one. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** What was asked: `apply Deployment ipman-system/charon-a`. */
  readonly op: string;
  readonly code: KubeErrorCode;
  /** HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(op: string, code: KubeErrorCode, status: number, message: string, cause?: unknown) {
    super(`${op}: ${message}`, { cause });
    this.op = op;
    this.code = code;
    this.status = status;
  }
}

/** The part of a metav1.Status that is read. */
export interface ApiStatus {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
}

const codeOfReason: Readonly<Record<string, KubeErrorCode>> = {
  NotFound: "not-found",
  AlreadyExists: "exists",
  Conflict: "conflict",
  Invalid: "invalid",
  BadRequest: "invalid",
  Forbidden: "denied",
  Unauthorized: "denied",
  Expired: "expired",
  Gone: "expired",
  TooManyRequests: "busy",
};

const codeOfStatus: Readonly<Record<number, KubeErrorCode>> = {
  400: "invalid",
  401: "denied",
  403: "denied",
  404: "not-found",
  409: "conflict",
  410: "expired",
  422: "invalid",
  429: "busy",
};

/**
 * What may be believed of a refusal without a Status, which a proxy sent: not its 404, by which
 * an object would be taken for absent.
 */
const believed: ReadonlySet<number> = new Set([401, 429]);

/** The error of a refusal, in the words of its Status; without one, a proxy sent it. */
export function kubeError(op: string, status: number, body: ApiStatus | undefined): KubeError {
  const { reason = "", message = `HTTP ${status}` } = body ?? {};
  const code = body !== undefined || believed.has(status) ? codeOfStatus[status] : undefined;
  return new KubeError(op, own(codeOfReason, reason) ?? code ?? "unavailable", status, message);
}
