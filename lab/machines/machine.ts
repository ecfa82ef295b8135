/** One job for a machine with the kernel that scenarios need. */
export interface Job {
  /** A bash script. */
  readonly script: string;
  /** A folder that the job may write to; what it leaves there stays. */
  readonly exchange: string;
  /** Seconds after which the machine is stopped. */
  readonly limitSeconds: number;
}

/** A place where scenarios run. */
export interface Machine {
  readonly name: string;
  /** Why this host cannot have it, if it cannot. */
  readonly unavailable: () => string | undefined;
  /** Whether it can start at once: nothing is to be built before. */
  readonly ready: () => boolean;
  /** Runs the job with its output on ours; gives its exit status. */
  readonly run: (job: Job) => Promise<number>;
}
