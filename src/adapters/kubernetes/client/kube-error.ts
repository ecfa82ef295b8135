import { own } from "../../../model/value/own.ts";

/**
 * Why a request failed, by the API server's own reasons.
 *
 * - `not-found`, `exists`: the object does not exist, or exists already
 * - `conflict`: the object changed, or is another one
 * - `invalid`: the API server does not accept the request
 * - `denied`: the credentials were refused, or do not permit the request
 * - `expired`: the API server no longer knows the resourceVersion
 * - `busy`: the API server asks to send fewer requests
 * - `unavailable`: no answer, a server error, or an answer that is not the API server's
 */
export type KubeErrorCode =
  | "not-found"
  | "exists"
  | "conflict"
  | "invalid"
  | "denied"
  | "expired"
  | "busy"
  | "unavailable";

const retryable: ReadonlySet<KubeErrorCode> = new Set(["busy", "unavailable"]);

/** A request to the API server that failed. Its message is the server's, if there is one. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** The request: `apply Deployment ipman-system/charon-a`. */
  readonly op: string;
  readonly code: KubeErrorCode;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(op: string, code: KubeErrorCode, status: number, message: string, cause?: unknown) {
    super(`${op}: ${message}`, { cause });
    this.op = op;
    this.code = code;
    this.status = status;
    this.retryable = retryable.has(code);
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
 * The statuses that count without a Status in the body, though a proxy may have sent them. 404 is
 * not one of them: an object would be taken for absent.
 */
const trusted: ReadonlySet<number> = new Set([401, 429]);

/** The error of a refused request, with the message of its Status; a proxy sends no Status. */
export function kubeError(op: string, status: number, body: ApiStatus | undefined): KubeError {
  const { reason = "", message = `HTTP ${status}` } = body ?? {};
  const code = body !== undefined || trusted.has(status) ? codeOfStatus[status] : undefined;
  return new KubeError(op, own(codeOfReason, reason) ?? code ?? "unavailable", status, message);
}
