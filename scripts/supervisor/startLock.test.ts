import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { makeTempDir } from "@/test/harness/testContext";
import { markOf } from "../postgres/processes";
import { takeStartLock } from "./startLock";

const folders: { remove: () => void }[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove();
});

function makeFolder(): string {
  const folder = makeTempDir();
  folders.push(folder);
  return folder.path;
}

describe("takeStartLock", () => {
  test("marks the folder, and gives it free", () => {
    const dir = makeFolder();
    const release = takeStartLock(dir, 4300);
    expect(JSON.parse(readFileSync(join(dir, "start.lock"), "utf8"))).toMatchObject({ pid: process.pid, port: 4300 });
    release();
    expect(existsSync(join(dir, "start.lock"))).toBe(false);
  });

  test("is refused while another living process has the folder, which is named with its port", () => {
    const dir = makeFolder();
    const other = spawn("sleep", ["30"]);
    writeFileSync(join(dir, "start.lock"), JSON.stringify({ ...markOf(other.pid as number), port: 4444 }));
    expect(() => takeStartLock(dir, 4300)).toThrow(`process ${other.pid}, port 4444`);
    other.kill();
  });

  test.runIf(process.platform === "linux")(
    "takes over from a process that is gone, also when its number is another's now",
    () => {
      const dir = makeFolder();
      const stranger = spawn("sleep", ["30"]);
      writeFileSync(join(dir, "start.lock"), JSON.stringify({ pid: stranger.pid, started: "1", port: 4444 }));
      const release = takeStartLock(dir, 4300);
      expect(JSON.parse(readFileSync(join(dir, "start.lock"), "utf8")).pid).toBe(process.pid);
      release();
      stranger.kill();
    },
  );

  test("takes over from a file that a crash left unreadable", () => {
    const dir = makeFolder();
    writeFileSync(join(dir, "start.lock"), "{");
    takeStartLock(dir, 4300)();
  });
});
