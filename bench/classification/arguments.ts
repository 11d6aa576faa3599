/** Value of `--name VALUE` on the command line. @throws Error when it is absent and there is no default. */
export function argument(name: string, otherwise?: string): string {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : process.argv[at + 1];
  if (value === undefined) throw new Error(`--${name} takes a value.`);
  return value;
}

export function listArgument(name: string, otherwise: readonly string[]): string[] {
  return argument(name, otherwise.join(",")).split(",");
}
