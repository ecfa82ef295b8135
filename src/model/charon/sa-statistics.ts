/** The values of an IKE SA that change from one list to the next. */
export interface IkeSaStatistics {
  /** The IKE version: 1 or 2. */
  readonly version: number;
  /** Whether this side initiated the IKE SA. */
  readonly initiator: boolean;
  readonly natRemote: boolean;
  readonly natFake: boolean;
  /** In bits; 0 if the algorithm has no key. */
  readonly encryptionKeysize: number;
  readonly integrityKeysize: number;
  /** Seconds since the IKE SA was established, until its rekeying and until its reauthentication. */
  readonly age: number;
  readonly rekeyIn: number;
  readonly reauthIn: number;
}

/** The values of a CHILD SA that change from one list to the next. */
export interface ChildSaStatistics {
  /** Eight hexadecimal digits. */
  readonly spiIn: string;
  readonly spiOut: string;
  /** Whether charon reports bytes and packets; it does not for an SA that is being deleted. */
  readonly counted: boolean;
  /** In bits; 0 if the algorithm has no key. */
  readonly encryptionKeysize: number;
  readonly integrityKeysize: number;
  readonly bytesIn: number;
  readonly packetsIn: number;
  /** Seconds since the last inbound packet; 0 if there was none. */
  readonly idleIn: number;
  readonly bytesOut: number;
  readonly packetsOut: number;
  /** Seconds since the last outbound packet; 0 if there was none. */
  readonly idleOut: number;
  /** Seconds since the SA was installed, until its rekeying and until its end. */
  readonly age: number;
  readonly rekeyIn: number;
  readonly lifeLeft: number;
}

/** The final counters of an SA that the kernel deleted. */
export interface SaEnd {
  /** Eight hexadecimal digits. */
  readonly spi: string;
  readonly bytes: number;
  readonly packets: number;
}
