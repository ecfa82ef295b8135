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

/** The decision about a request. */
export type Verdict =
  | {
      readonly allowed: true;
      readonly patch?: readonly PatchOperation[];
      readonly warnings?: readonly string[];
    }
  | {
      readonly allowed: false;
      readonly message: string;
      /** HTTP status: 403; 429 if the request may succeed later; 500 for an internal error. */
      readonly code: number;
    };

/** @param deadline of the answer, in milliseconds of `performance.now()` */
export type AdmissionHandler = (request: AdmissionRequest, deadline: number) => Promise<Verdict>;

/** A body that is not an AdmissionReview. */
export class MalformedReview extends Error {
  override readonly name = "MalformedReview";
}

/** The API server's default, for requests without a `timeout`. */
const defaultTimeoutMs = 10_000;

/** The part of the API server's time that its connection and the return of the answer take at least. */
const leastMarginMs = 500;

/**
 * How long an answer may take, in milliseconds: the time that the API server waits, by the
 * `timeout` in its query (`10s`), minus a tenth.
 */
export function answerTimeOf(query: string): number {
  const [, seconds] = /^(\d{1,4})s$/.exec(new URLSearchParams(query).get("timeout") ?? "") ?? [];
  const timeoutMs = seconds === undefined ? defaultTimeoutMs : Number(seconds) * 1_000;
  return Math.max(0, timeoutMs - Math.max(leastMarginMs, timeoutMs / 10));
}

/**
 * Parses the body of a call.
 *
 * @throws MalformedReview if it is not an AdmissionReview
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

/** The AdmissionReview with the decision about a request. */
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
