/** The caller asked for something the command cannot mean: exit code 2. Any other error is a failure: exit code 1. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An integer from a command-line option. @throws UsageError naming the option and what it takes. */
export function integerOption(name: string, text: string, minimum: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= minimum) return value;
  throw new UsageError(`${name} takes an integer ≥ ${minimum}, got "${text}".`);
}

/** A number strictly between 0 and 1 from a command-line option. */
export function shareOption(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < 1) return value;
  throw new UsageError(`${name} takes a number above 0 and below 1, got "${text}".`);
}

/** A JSON value from a command-line option. */
export function jsonOption(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name} is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
