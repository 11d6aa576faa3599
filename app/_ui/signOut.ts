import { callAuth } from "./callAuth";

/** Ends the session and goes to the sign-in page. Unsent answers stay in this browser for the next sign-in. */
export async function signOut(): Promise<void> {
  await callAuth("/sign-out", {});
  window.location.assign("/sign-in");
}
