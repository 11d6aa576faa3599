/** The auth library's own hash (scrypt, off the main thread), loaded at first use. */
export async function hashPassword(password: string): Promise<string> {
  const { hashPassword: hash } = await import("better-auth/crypto");
  return hash(password);
}
