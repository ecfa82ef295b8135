/** One job for a machine with the kernel that scenarios need. */
export interface Job {
  /** A bash script. */
  readonly script: string;
  /** A folder that the job may write to; its files are kept after the job. */
  readonly exchange: string;
  /** Seconds after which the machine is stopped. */
  readonly limitSeconds: number;
  /** Whether the machine runs beside another one, and so on another processor. */
  readonly beside: boolean;
}

/** A host or virtual machine that runs scenarios. */
export interface Machine {
  readonly name: string;
  /** Returns the reason why this host cannot run it; undefined if it can. */
  readonly unavailable: () => string | undefined;
  /** Whether it can start at once, without building anything first. */
  readonly ready: () => boolean;
  /** Runs the job with this process's output; returns the exit status of the job. */
  readonly run: (job: Job) => Promise<number>;
}
