/** First characters by which spreadsheets take a cell for a formula, also in their full-width forms. */
const FORMULA_START = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/**
 * A cell that no spreadsheet runs: text that starts like a formula gets an apostrophe before it (OWASP, CSV Injection).
 * Not for numbers that we wrote ourselves.
 */
export function neutraliseFormula(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text;
}
