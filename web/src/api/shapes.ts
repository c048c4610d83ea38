// What the API sends and is sent: the counterpart of src/steve/monitor/shapes, which says what each
// field means. A test compares the two, so that neither drifts.

export type JobStatus =
  | "pending"
  | "running"
  | "completed"
  | "failed"
  | "cancelled"
  | "expired"
  | "blocked";

export type AttemptStatus =
  | "success"
  | "error"
  | "running"
  | "snoozed"
  | "released"
  | "lost"
  | "cancelled";

export type Verb = "retry" | "cancel" | "delete";

export interface Content {
  text: string;
  bytes: number;
  cut: boolean;
  hidden: string | null;
}

export interface Error {
  type: string;
  message: string;
}

export interface Row {
  id: number;
  uid: string;
  type: string;
  queue: string;
  status: JobStatus;
  priority: number;
  attempts: number;
  max_attempts: number;
  created_at: string;
  run_at: string;
  started_at: string | null;
  attempted_at: string | null;
  completed_at: string | null;
  updated_at: string;
  duration: number | null;
  progress: number | null;
  progress_message: string | null;
  cancelling: boolean;
  tags: string[];
  error: Error | null;
  preview: string;
  worker: number | null;
  log_id: number | null;
}

export interface Page {
  jobs: Row[];
  next: string | null;
  complete: boolean;
}

export interface Count {
  count: number;
  next: string | null;
}

export interface AttemptRow {
  number: number;
  status: AttemptStatus;
  started_at: string | null;
  completed_at: string | null;
  duration: number | null;
  worker: number | null;
  error: Error | null;
  traceback: string | null;
}

export interface Detail {
  job: Row;
  scheduled_at: string;
  expires_at: string | null;
  timeout: number | null;
  backoff_strategy: string;
  max_crashes: number;
  crashes: number;
  refunded: number;
  unique_key: string | null;
  limit_key: string | null;
  fair_key: string | null;
  actor: string | null;
  worker_name: string | null;
  fingerprint: string | null;
  payload: Content;
  result: Content | null;
  meta: Content;
  attempts: AttemptRow[];
  actions: Verb[];
  now: string;
}

export interface LogLine {
  id: number;
  attempt: number;
  at: string;
  level: number;
  message: string;
}

export interface Log {
  lines: LogLine[];
  next: number;
  more: boolean;
}

export interface ErrorRow {
  fingerprint: string;
  type: string;
  error: Error;
  count: number;
  retrying: number | null;
  first_at: string;
  last_at: string;
  uid: string;
  counts: number[];
}

export interface Errors {
  groups: ErrorRow[];
  since: string;
  width: number;
  complete: boolean;
}

export interface Session {
  viewer: string;
  may_act: boolean;
  csrf: string;
  title: string;
  schema: string;
  version: string;
}

export interface QueueRow {
  name: string;
  ready: number;
  scheduled: number;
  running: number;
  workers: number;
  paused: boolean;
  paused_at: string | null;
  paused_until: string | null;
  paused_by: string | null;
  completed_rate: number | null;
  failed_rate: number | null;
  wait_p50: number | null;
  wait_p95: number | null;
}

export interface RunningJob {
  uid: string;
  type: string;
  attempted_at: string;
  progress: number | null;
  progress_message: string | null;
}

export interface WorkerRow {
  id: number;
  name: string;
  host: string;
  pid: number;
  version: string;
  queues: string[];
  types: string[] | null;
  concurrency: number;
  running: number;
  memory: number | null;
  registered_at: string;
  renewed_at: string;
  lease_left: number;
  stopping: boolean;
  jobs: RunningJob[];
}

export interface StatusCount {
  status: JobStatus;
  count: number;
  exact: boolean;
  at_least: boolean;
}

export interface Alarm {
  check: string;
  status: "error" | "warning" | "unknown";
  found: string;
  remedy: string;
}

export interface Action {
  id: number;
  at: string;
  actor: string | null;
  action: string;
  target: string;
  changed: number;
}

export interface Pulse {
  now: string;
  interval: number;
  counts: StatusCount[];
  completed_rate: number;
  failed_rate: number;
  oldest_ready: number | null;
  queues: QueueRow[];
  workers: WorkerRow[];
}

export interface Overview {
  pulse: Pulse;
  alarms: Alarm[];
  checked_at: string | null;
  actions: Action[];
}

export interface History {
  width: number;
  times: number[];
  completed: number[];
  failed: number[];
  ready: (number | null)[];
  scheduled: (number | null)[];
  running: (number | null)[];
  wait_p50: (number | null)[];
  wait_p95: (number | null)[];
  run_p50: (number | null)[];
  run_p95: (number | null)[];
}

export interface Queues {
  queues: QueueRow[];
}

export interface Workers {
  workers: WorkerRow[];
}

export interface Actions {
  actions: Action[];
}

export interface Names {
  types: string[];
  queues: string[];
}

export interface Problem {
  detail: string;
}

export interface Filter {
  status: JobStatus[];
  type: string[];
  queue: string[];
  tag: string | null;
  error: string | null;
  fingerprint: string | null;
  path: string | null;
  since: string | null;
  until: string | null;
}

export interface Act {
  action: Verb;
  uids: string[];
  filter: Filter | null;
  after: string | null;
}

export interface Pause {
  name: string;
  seconds: number | null;
}

export interface Resume {
  name: string;
}

export interface Stop {
  id: number;
}

export interface Watch {
  client: string;
  uids: string[];
}

export interface Changed {
  changed: string[];
  missed: string[];
  next: string | null;
}

export interface Done {
  done: boolean;
}
