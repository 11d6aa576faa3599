"use server";
import { cookies } from "next/headers";
import { parseTheme, THEME_COOKIE } from "./theme";

const YEAR_S = 365 * 24 * 3_600;

/**
 * Keeps the choice in a cookie, so that the server draws the right theme at once and nothing flashes. Called twice it
 * writes the same cookie.
 */
export async function setTheme(value: string): Promise<void> {
  const jar = await cookies();
  jar.set(THEME_COOKIE, parseTheme(value), { maxAge: YEAR_S, sameSite: "lax", path: "/", httpOnly: true });
}
