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
  /** Returns why this host cannot run it; undefined if it can. */
  readonly unavailable: () => string | undefined;
  /** Whether it can start at once, without building anything first. */
  readonly ready: () => boolean;
  /** Runs the job, whose output goes to this process's output; returns its exit status. */
  readonly run: (job: Job) => Promise<number>;
}
