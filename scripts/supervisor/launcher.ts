import { commandLine, isAlive, parentOf } from "../postgres/processes";

const CHECK_EVERY_MS = 300;
const ANCESTORS_MAX = 4;

/** The npm process above us, when there is one and the system lets us see it. */
function findNpm(): number | undefined {
  let pid: number | undefined = process.ppid;
  for (let n = 0; n < ANCESTORS_MAX && pid !== undefined && pid > 1; n++) {
    if (/(^|[\s/])(npm|npm-cli\.js)(\s|$)/.test(commandLine(pid) ?? "")) return pid;
    pid = parentOf(pid);
  }
  return undefined;
}

/**
 * Calls `onGone` once the npm that started us has ended. npm dies of SIGTERM without telling its script, which would then
 * run on unseen: `kill <npm>` has to stop everything.
 */
export function watchLauncher(onGone: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const npm = findNpm();
  const timer = setInterval(() => {
    const isGone = process.ppid !== parent || (npm !== undefined && !isAlive(npm));
    if (!isGone) return;
    clearInterval(timer);
    onGone();
  }, CHECK_EVERY_MS);
  timer.unref();
}
