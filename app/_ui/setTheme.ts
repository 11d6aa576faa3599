"use server";
import { cookies } from "next/headers";
import { DAY_MS, SECOND_MS } from "@/contracts/limits";
import { parseTheme, THEME_COOKIE } from "./theme";

const YEAR_S = (365 * DAY_MS) / SECOND_MS;

/**
 * Keeps the choice in a cookie, so that the server draws the right theme at once and nothing flashes. Called twice it
 * writes the same cookie.
 */
export async function setTheme(value: string): Promise<void> {
  const jar = await cookies();
  jar.set(THEME_COOKIE, parseTheme(value), { maxAge: YEAR_S, sameSite: "lax", path: "/", httpOnly: true });
}
