// One cell of a table: a number, with its unit where it states one, or a way of saying that there is none.
import { type LatencyUnit, unitOf } from './latency-unit.ts';

export type Cell =
  | { readonly kind: 'number'; readonly value: number; readonly unit: LatencyUnit | undefined }
  /** Empty, `NA`, infinity: nothing was measured. */
  | { readonly kind: 'missing' };

const number = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([\p{L}/]+)?$/iu;
/** With spreadsheets' errors, Python's and C's spellings; R's and pandas' `NA`. */
const missing =
  /^(|-|--|—|na|n\.a\.|n\/a|nan|null|none|nil|nat|missing|[+-]?(inf|infinity|∞)|<na>|#(n\/a|na|nan|num!|div\/0!|value!|ref!|name\?|null!)|[+-]?1\.#(inf|qnan|ind|snan)\d*)$/i;

/** A number with one decimal comma and no point. */
export const decimalComma = /^[+-]?\d+,\d+(?:e[+-]?\d+)?(?:\s*[\p{L}/]+)?$/iu;
/** A number with a decimal point. */
export const decimalPoint = /^[+-]?\d*\.\d+(?:e[+-]?\d+)?(?:\s*[\p{L}/]+)?$/iu;

/** @param hasCommas whether the table's numbers have decimal commas
 * @returns undefined for a text that is neither a number nor a way of saying that there is none */
export function readCell(field: string, hasCommas: boolean): Cell | undefined {
  if (missing.test(field)) return { kind: 'missing' };
  const [, digits, word] = number.exec(hasCommas && decimalComma.test(field) ? field.replace(',', '.') : field) ?? [];
  if (digits === undefined) return undefined;
  const unit = word === undefined ? undefined : unitOf(word);
  if (word !== undefined && unit === undefined) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? { kind: 'number', value, unit } : { kind: 'missing' };
}
