// node scripts/run.mjs ARGUMENTS: set up, then run the project's Python with them and exit as it does.
import { spawn } from "node:child_process";
import os from "node:os";

import { python, root, setUpOrExit } from "./lib/setup.mjs";

const PARENT_CHECK_MS = 1000;
const DEVELOPMENT = new Set(["pytest", "benchmarks"]);

await setUpOrExit({ development: DEVELOPMENT.has(process.argv[3]) });
// Before the child is there, so that none is lost: what comes meanwhile is handled as soon as this script is through.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
const child = spawn(python, process.argv.slice(2), {
  cwd: root,
  stdio: "inherit",
  // Signals cannot tell it when this process is killed outright: it watches for that itself.
  env: { ...process.env, LAUNCHER_PID: String(process.pid) },
});

// npm killed outright tells nobody either.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  setInterval(() => process.ppid === parent || child.kill("SIGTERM"), PARENT_CHECK_MS).unref();
}

child.on("error", (error) => {
  process.stderr.write(`error: ${python} does not start (${error.message}). Remove .venv, and run this again.\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
