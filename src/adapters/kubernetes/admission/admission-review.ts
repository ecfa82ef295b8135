import type { PatchOperation } from "../../../model/attach/json-patch.ts";
import type { KubeObject } from "../../../model/kubernetes/kube-object.ts";

/** The part of an admission.k8s.io/v1 request that is read. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly kind: string };
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly object: KubeObject | null;
  readonly oldObject: KubeObject | null;
  readonly dryRun?: boolean;
}

/** What is said to a request. */
export type Verdict =
  | {
      readonly allowed: true;
      readonly patch?: readonly PatchOperation[];
      readonly warnings?: readonly string[];
    }
  | {
      readonly allowed: false;
      readonly message: string;
      /** HTTP status: 403, 429 for what passes if it is tried again, 500 for no fault of who asks. */
      readonly code: number;
    };

/** @param deadline by which it has to answer, in milliseconds of `performance.now()` */
export type AdmissionHandler = (request: AdmissionRequest, deadline: number) => Promise<Verdict>;

/** A body that is not an AdmissionReview. */
export class MalformedReview extends Error {
  override readonly name = "MalformedReview";
}

/** Without a `timeout` in the request: the default of the API server. */
const defaultTimeoutMs = 10_000;

/** Of the API server's time, what its connection and the way of the answer take at least. */
const leastMarginMs = 500;

/**
 * How long an answer may take, in milliseconds: what the API server waits, by the `timeout` that
 * it sends along (`10s`), less a tenth.
 */
export function answerTimeOf(query: string): number {
  const [, seconds] = /^(\d{1,4})s$/.exec(new URLSearchParams(query).get("timeout") ?? "") ?? [];
  const timeoutMs = seconds === undefined ? defaultTimeoutMs : Number(seconds) * 1_000;
  return Math.max(0, timeoutMs - Math.max(leastMarginMs, timeoutMs / 10));
}

/**
 * Parses the body of a call.
 *
 * @throws MalformedReview
 */
export function requestIn(body: string): AdmissionRequest {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch {
    throw new MalformedReview("the body is not JSON");
  }
  const request = isRecord(review) ? review["request"] : undefined;
  if (!isRecord(request) || typeof request["uid"] !== "string")
    throw new MalformedReview("the body is not an AdmissionReview: request.uid is missing");
  for (const field of ["object", "oldObject"]) {
    const object = request[field] ?? null;
    if (object !== null && !(isRecord(object) && isRecord(object["metadata"])))
      throw new MalformedReview(`request.${field} is not an object of the Kubernetes API`);
  }
  return { object: null, oldObject: null, ...request } as unknown as AdmissionRequest;
}

/** The AdmissionReview that answers a request. */
export function reviewOf({ uid }: AdmissionRequest, verdict: Verdict): object {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, ...responseOf(verdict) },
  };
}

function responseOf(verdict: Verdict): object {
  if (!verdict.allowed) {
    const { message, code } = verdict;
    return { allowed: false, status: { code, message } };
  }
  const { patch, warnings } = verdict;
  return {
    allowed: true,
    ...(warnings !== undefined && { warnings }),
    ...(patch !== undefined && {
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
