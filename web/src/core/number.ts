// Numbers for people.

const grouped = new Intl.NumberFormat("en-US");

/** `1,234,567`. */
export const count = (number: number): string => grouped.format(number);

/** A count in little room: `950`, `12.3k`, `4.1M`. */
export function short(number: number): string {
  const size = Math.abs(number);
  if (size < 10_000) return count(number);
  if (size < 999_500) return `${trim(number / 1_000)}k`;
  return `${trim(number / 1_000_000)}M`;
}

const trim = (number: number): string =>
  Math.abs(number) < 100 ? number.toFixed(1).replace(/\.0$/, "") : String(Math.round(number));

/** Jobs per second, with as many digits as mean something: `0`, `0.04`, `3.2`, `1,240`. */
export function rate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.01) return "<0.01";
  if (perSecond < 1) return String(Number(perSecond.toFixed(2)));
  return perSecond < 10 ? trim(perSecond) : count(Math.round(perSecond));
}

/** `812 B`, `3.4 kB`, `1.2 MB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `1 job`, `2 jobs`. */
export const plural = (number: number, word: string): string =>
  `${count(number)} ${word}${number === 1 ? "" : "s"}`;
