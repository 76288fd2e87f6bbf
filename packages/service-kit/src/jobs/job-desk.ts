export type JobState = 'queued' | 'running' | 'succeeded' | 'failed';

/** One run of a job, as `GET /admin/jobs/{id}` shows it; instants are ISO 8601 in UTC. */
export interface JobRun {
  id: string;
  name: string;
  state: JobState;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  result: unknown;
  error: { code: string; message: string } | null;
}

/** A scheduled job, as `GET /admin/schedule` shows it. */
export interface ScheduledJob {
  name: string;
  cron: string;
  timeZone: string;
  lastRun: string | null;
  nextRun: string | null;
}

/** A job as its service declares it. */
export interface KnownJob {
  name: string;
  /** Null for a job that runs on demand only. */
  cron: string | null;
  timeZone: string | null;
  nextRun: string | null;
}

/** Starts jobs of a service and reads their state. */
export interface JobDesk {
  /**
   * Queues a run and returns at once.
   * @param name a job of this service
   * @param input JSON value handed to the job
   * @returns id of the run
   * @throws AppError `not-found` for an unknown name, `job-already-running` for a job that runs one at a time
   */
  run(name: string, input?: unknown): Promise<string>;
  /**
   * One run, or undefined.
   * @param id id of the run
   */
  find(id: string): Promise<JobRun | undefined>;
  /**
   * Latest runs, newest first.
   * @param filter name and number of rows (default 50, at most 500)
   */
  list(filter?: { name?: string; limit?: number }): Promise<JobRun[]>;
  /** Every job of the service, scheduled or on demand. */
  jobs(): KnownJob[];
  /** The jobs with a cron expression and their last and next run. */
  schedule(): Promise<ScheduledJob[]>;
}
