// Line icons, 16 by 16, in the colour of the text around them. They only ever accompany words.

const PATHS = {
  overview: "M2.5 12.5 6 8l3 2.5 4.5-6M2.5 3v10.5h11",
  jobs: "M2.5 4h11M2.5 8h11M2.5 12h7",
  queues: "M2.5 5.5 8 2.5l5.5 3L8 8.5zM2.5 8.3 8 11.3l5.5-3M2.5 11 8 14l5.5-3",
  workers:
    "M4.5 4.5h7v7h-7zM6.5 2v2.5m3-2.5v2.5m-3 7V14m3-2.5V14M2 6.5h2.5M2 9.5h2.5m7-3H14m-2.5 3H14",
  errors: "M8 2.2 14.2 13H1.8zM8 6.3v3.2m0 1.7v.3",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9m3.3 7.8 3.2 3.2",
  close: "m4 4 8 8m0-8-8 8",
  check: "m3 8.5 3.3 3.3L13 5",
  copy: "M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2",
  columns: "M2.5 3h11v10h-11zM6.2 3v10m3.6-10v10",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.4m0 10.2v1.4M1.5 8h1.4m10.2 0h1.4M3.4 3.4l1 1m7.2 7.2 1 1m0-9.2-1 1m-7.2 7.2-1 1",
  moon: "M13.2 9.6A5.7 5.7 0 0 1 6.4 2.8a5.7 5.7 0 1 0 6.8 6.8z",
  system: "M2 3h12v8H2zM6 13.5h4",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2m0 3v3.2l2.2 1.4",
  keyboard: "M1.5 4h13v8h-13zM4 6.5h.1m2.6 0h.1m2.6 0h.1m2.5 0h.1M5 9.5h6",
  left: "M13 8H3m4.2-4.2L3 8l4.2 4.2",
  down: "m4 6 4 4 4-4",
  right: "m6 4 4 4-4 4",
  pause: "M5.5 3.5v9m5-9v9",
  play: "M5 3.2v9.6L12.5 8z",
  stop: "M4 4h8v8H4z",
  retry: "M13 3v3.5H9.5M12.7 6.3A5.2 5.2 0 1 0 13.2 9",
  trash: "M2.5 4.2h11M6 4V2.5h4V4m-6 0 .6 9.5h6.8L12 4",
  cancel: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M3.8 3.8l8.4 8.4",
  download: "M8 2.5v7.7M4.8 7.2 8 10.4l3.2-3.2M2.5 13.5h11",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
