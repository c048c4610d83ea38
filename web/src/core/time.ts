// Times and durations in words. Times come as ISO 8601 and are shown in the viewer's zone.

const SECOND = 1000;

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "m"],
  [1, "s"],
];

/** A duration to two significant parts: `850 ms`, `4.2 s`, `3 m 07 s`, `2 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds <= 0) return "0 s";
  if (seconds < 0.0005) return "<1 ms";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  for (const [index, [size, name]] of UNITS.entries()) {
    if (whole < size) continue;
    const smaller = UNITS[index + 1];
    const count = Math.floor(whole / size);
    if (smaller === undefined) return `${count} s`;
    const rest = Math.floor((whole % size) / smaller[0]);
    return rest === 0 ? `${count} ${name}` : `${count} ${name} ${rest} ${smaller[1]}`;
  }
  return "0 s";
}

/** How long ago `at` was, or how long it will be: `now`, `12 s ago`, `in 3 m`. One part only. */
export function relative(at: number, now: number): string {
  const seconds = (at - now) / SECOND;
  const distance = Math.abs(seconds);
  if (distance < 1) return "now";
  const [size, name] = UNITS.find(([size]) => distance >= size) ?? [1, "s"];
  const words = `${Math.floor(distance / size)} ${name}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

const two = (number: number): string => String(number).padStart(2, "0");

const day = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** A time as short as today allows: `14:03:22`, and with its day if that is another one. */
export function absolute(at: number, now: number): string {
  const date = new Date(at);
  const today = day(date) === day(new Date(now));
  return today ? clock.format(date) : `${day(date)} ${clock.format(date)}`;
}

/** A time with everything there is to say: `2026-11-28 14:03:22.417 +01:00`. */
export function complete(at: number): string {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? "−" : "+";
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${day(date)} ${clock.format(date)}.${milliseconds} ${zone}`;
}

/** What an <input type="datetime-local"> shows for an ISO time, and the way back. */
export function toLocalInput(iso: string | null): string {
  if (iso === null) return "";
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  return `${day(date)}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function fromLocalInput(value: string): string | null {
  const date = new Date(value);
  return value === "" || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
