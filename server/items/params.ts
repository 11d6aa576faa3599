/** Numbers the parameters of one statement: values never become SQL text. */
export class Params {
  readonly values: unknown[] = [];

  /** Takes a value in; returns its place, such as "$3". */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}
