// What the set-up says while it works: a progress line a step, and one message with a way out when a step fails.
// All of it goes to stderr, so that stdout stays the command's own.
import { spawn } from "node:child_process";

const TAIL_LINES = 15;
const running = new Set();
const underWay = new Map(); // the steps, and for how many seconds
let exiting; // the exit code, once a signal came
const err = process.stderr;
const colour = (code, text) => (err.isTTY && !process.env.NO_COLOR ? `\u001b[${code}m${text}\u001b[0m` : text);

/** A step that failed: `message` says what happened and what to do, `output` is the tool's own. */
export class SetupError extends Error {
  constructor(message, output = "") {
    super(message);
    this.output = output;
  }
}

/** Run `work` under a line that counts the seconds on a terminal, and stands still elsewhere. */
export async function step(label, work) {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const timer = err.isTTY ? setInterval(draw, 500) : undefined;
  underWay.set(label, seconds);
  if (err.isTTY) draw();
  else err.write(`  ${label} …\n`);
  try {
    await work();
    if (err.isTTY) err.write(`\r\u001b[K${colour(32, "✓")} ${label} ${colour(2, `${seconds().toFixed(1)} s`)}\n`);
  } catch (error) {
    if (err.isTTY) err.write(`\r\u001b[K${colour(31, "✗")} ${label}\n`);
    throw error;
  } finally {
    clearInterval(timer);
    underWay.delete(label);
  }
}

function draw() {
  const steps = [...underWay].map(([label, seconds]) => `${label} … ${Math.floor(seconds())} s`);
  err.write(`\r\u001b[K  ${steps.join(", ")}`);
}

/** Run a command quietly; resolves to its exit code (127 when it cannot be started) and what it printed. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = "";
    // In a group of its own, so that all it starts can be ended with it.
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, ...options });
    const done = (code) => {
      running.delete(child);
      resolve({ code, output });
      if (exiting !== undefined && running.size === 0) process.exit(exiting);
    };
    running.add(child);
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("error", (error) => {
      output += error.message;
      done(127);
    });
    child.on("close", (code) => done(code ?? 1));
  });
}

/**
 * Until the returned function is called, a signal ends the commands under way and then this process.
 * They are killed and waited for: what they leave half-made is made anew, but not while they still write to it.
 */
export function endStepsOnSignal() {
  const handlers = [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]].map(([signal, code]) => {
    const handler = () => {
      if (err.isTTY) err.write("\n");
      if (running.size === 0) process.exit(code);
      exiting = code;
      for (const { pid } of running) end(pid);
    };
    process.on(signal, handler);
    return [signal, handler];
  });
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}

function end(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

/** Print what went wrong and how to go on; anything but a SetupError is a mistake of ours and says so. */
export function explain(error) {
  if (!(error instanceof SetupError)) {
    err.write(`${colour(31, "error:")} ${error.message} (in the set-up scripts; please report it)\n`);
    return;
  }
  err.write(`${colour(31, "error:")} ${error.message}\n`);
  const lines = error.output.trim().split("\n").filter(Boolean);
  if (lines.length > TAIL_LINES) err.write(colour(2, "  | …\n"));
  for (const line of lines.slice(-TAIL_LINES)) err.write(colour(2, `  | ${line}\n`));
}
