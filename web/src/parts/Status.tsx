// A status: its word, its colour, and a shape, because colours alone do not tell everybody.

import type { ComponentChildren } from "preact";
import type { AttemptStatus, JobStatus } from "../api/shapes";
import { Progress } from "./Progress";

type Shape = JobStatus | AttemptStatus;

const RING = <circle cx="6" cy="6" r="4.6" />;

const SHAPES: Readonly<Record<Shape, ComponentChildren>> = {
  pending: RING,
  running: (
    <>
      {RING}
      <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor" stroke="none" />
    </>
  ),
  completed: <path d="m1.8 6.4 2.8 2.9 5.6-6.4" />,
  success: <path d="m1.8 6.4 2.8 2.9 5.6-6.4" />,
  failed: <path d="m2.2 2.2 7.6 7.6m0-7.6L2.2 9.8" />,
  error: <path d="m2.2 2.2 7.6 7.6m0-7.6L2.2 9.8" />,
  cancelled: (
    <>
      {RING}
      <path d="m2.8 9.2 6.4-6.4" />
    </>
  ),
  expired: <path d="M2.2 1.6h7.6L2.2 10.4h7.6z" />,
  blocked: <path d="M2 2h8v8H2z" />,
  snoozed: <path d="M2.4 2.2h7.2L2.4 9.8h7.2" />,
  released: <path d="M10.2 6H1.8m3.4-3.4L1.8 6l3.4 3.4" />,
  lost: <path d="M3 3.8a3 3 0 1 1 4.6 2.5C6.500 7 6 7.300 6 8.200m0 2.200v.1" />,
};

export function Shape({ status }: { status: Shape }) {
  return (
    <svg
      width="12"
      height="12"
      viewBox="0 0 12 12"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {SHAPES[status]}
    </svg>
  );
}

interface Props {
  status: Shape;
  cancelling?: boolean;
  progress?: number | null;
}

export function Status({ status, cancelling = false, progress = null }: Props) {
  return (
    <span class="status" data-status={status}>
      <Shape status={status} />
      {cancelling ? "cancelling" : status}
      {status === "running" && progress !== null && <Progress value={progress} />}
    </span>
  );
}
