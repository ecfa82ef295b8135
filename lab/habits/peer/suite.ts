import { Transform, TransformType } from "../codec/numbers.ts";
import type { OfferedTransform, SaProposal } from "../codec/proposal.ts";

const keyBits = 256;
const transform = (type: number, id: number, bits?: number): OfferedTransform => ({
  type,
  id,
  keyBits: bits,
});

/** `aes256-sha256-ecp256`, the one suite of the peer for its IKE SAs. */
export const ikeSuite: readonly OfferedTransform[] = [
  transform(TransformType.encryption, Transform.aesCbc, keyBits),
  transform(TransformType.prf, Transform.prfSha256),
  transform(TransformType.integrity, Transform.hmacSha256),
  transform(TransformType.keyExchange, Transform.ecp256),
];

/** `aes256-sha256`, which the peer offers for CHILD SAs. */
export const espSuite: readonly OfferedTransform[] = [
  transform(TransformType.encryption, Transform.aesCbc, keyBits),
  transform(TransformType.integrity, Transform.hmacSha256),
  transform(TransformType.sequenceNumbers, Transform.noExtendedSequenceNumbers),
];

/** Whether the peer speaks an algorithm in an IKE SA. */
export function isInIkeSuite({ type, id, keyBits: bits }: OfferedTransform): boolean {
  return ikeSuite.some((one) => one.type === type && one.id === id && one.keyBits === bits);
}

/** Whether the peer agrees to an algorithm in a CHILD SA, whose packets it never sends. */
export function isForChild({ type, id }: OfferedTransform): boolean {
  return type !== TransformType.keyExchange || id === Transform.ecp256 || id === 0;
}

/**
 * The first proposal that has an acceptable algorithm of each type that it offers, with these
 * algorithms and the SPI of the side that chooses.
 */
export function chosenProposal(
  proposals: readonly SaProposal[],
  accepts: (transform: OfferedTransform) => boolean,
  spi: Buffer,
): SaProposal | undefined {
  for (const proposal of proposals) {
    const offered = [...Map.groupBy(proposal.transforms, ({ type }) => type).values()];
    const transforms = offered.flatMap((some) => some.find(accepts) ?? []);
    if (transforms.length === offered.length) return { ...proposal, spi, transforms };
  }
  return undefined;
}
