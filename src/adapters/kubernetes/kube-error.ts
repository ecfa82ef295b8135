import { own } from "../../model/own.ts";

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
export interface Status {
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

/** The error of an answer that is none, with the server's words. */
export function kubeError(op: string, status: number, body: Status): KubeError {
  const code = own(codeOfReason, body.reason ?? "") ?? codeOfStatus[status] ?? "unavailable";
  return new KubeError(op, code, status, body.message ?? `HTTP ${status}`);
}
