// Numbers as people read them in the report. A metric that does not exist is a dash.

export const missing = '–';

/** A share as `84.0 %`. */
export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined ? missing : `${(100 * share).toFixed(digits)} %`;

/** A rank correlation as `0.951`. */
export const correlation = (value: number | null | undefined): string =>
  value === null || value === undefined ? missing : decimal(value, 3);

/** Three significant digits; whole numbers from 1000 on. */
export function milliseconds(ms: number): string {
  const rounded = Number(ms.toPrecision(3));
  return `${ms >= 1000 ? whole(Math.round(ms)) : String(rounded)} ms`;
}

/** With a true minus sign. */
export const decimal = (value: number, digits: number): string => value.toFixed(digits).replace('-', '−');

/** 15,625 */
export const whole = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

/** A difference with its sign: `+1.9`, `−0.3`, `±0.0`. */
export function signed(value: number, digits = 1): string {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return `±${text}`;
  return `${value > 0 ? '+' : '−'}${text}`;
}

/** `2026-11-23 22:08 UTC` from an ISO date. */
export const utcMinute = (iso: string): string => `${new Date(iso).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${whole(count)} ${count === 1 ? one : many}`;
