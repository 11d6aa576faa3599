/** The first account of the instance under test. Made by account.setup.ts; journeys begin signed in as it. */
export const ADMINISTRATOR = {
  name: "Ada Admin",
  email: "ada@example.org",
  password: "correct-horse-battery",
} as const;

/** Where its signed-in browser state is kept between test files. */
export const ADMINISTRATOR_STATE = "test-results/state/administrator.json";

/** The one-time link that the instance printed at its start. */
export function setupUrl(): string {
  const url = process.env.WINNOW_E2E_SETUP_URL;
  if (!url) throw new Error("The instance printed no set-up link.");
  return url;
}
