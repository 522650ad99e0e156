// The Python half of the set-up: any Python from 3.11 on, and .venv as the lock files have it.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { SetupError, capture, step } from "./steps.mjs";

const OLDEST = [3, 11];
const NAMES = ["python3", "python3.13", "python3.12", "python3.14", "python3.11", "python"];
const NEWER = ["python3.15", "python3.16", "python3.17", "python3.18"];
// The base executable: a .venv that is active must not be used to make itself again.
const PROBE = `
import sys
try:
    import ensurepip, venv
    venv = "venv"
except ImportError:
    venv = "none"
print("%d.%d.%d" % sys.version_info[:3], venv, getattr(sys, "_base_executable", None) or sys.executable)
`;

export const venvPython = (root) => path.join(root, ".venv", "bin", "python");

/** What a command turns out to be when it is run; undefined when it is no Python that works (such as a bare shim). */
function probe(command) {
  const { status, stdout } = spawnSync(command, ["-c", PROBE], { encoding: "utf8", timeout: 20_000 });
  const [, version, venv, executable] = /^(\d+\.\d+\.\d+) (venv|none) (.+)$/m.exec(stdout ?? "") ?? [];
  if (status !== 0 || !version) return undefined;
  const [major, minor] = version.split(".").map(Number);
  const newEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return { command, version, executable, newEnough, hasVenv: venv === "venv" };
}

function findPython() {
  const named = process.env.PYTHON;
  const found = [];
  for (const command of named ? [named] : [...NAMES, ...NEWER]) {
    const python = probe(command);
    if (python?.newEnough && python.hasVenv) return python;
    if (python) found.push(python);
  }
  const withoutVenv = found.find((python) => python.newEnough);
  if (withoutVenv) {
    throw new SetupError(
      `Python ${withoutVenv.version} at ${withoutVenv.executable} comes without its venv module. On Debian and Ubuntu: ` +
        "`sudo apt install python3-venv`. Then run this again.",
    );
  }
  const seen = found.map(({ command, version }) => `${command} is ${version}`).join(", ");
  throw new SetupError(
    `Python ${OLDEST.join(".")} or newer is needed. Found: ${seen || (named ? `PYTHON=${named}, which does not run` : "none")}. ` +
      "Install one from https://www.python.org/downloads/, or point to one: `PYTHON=/path/to/python3 npm run setup`.",
  );
}

const LOCAL = ["requirements.txt", "requirements-local.txt"]; // what `npm start` runs on
const DEVELOPMENT = ["requirements.txt", "requirements-dev.txt"]; // that, and what tests and the gate need

export async function setUpPython(root, development) {
  const wanted = development ? "development" : "local";
  const files = development ? DEVELOPMENT : LOCAL;
  const hash = createHash("sha256");
  for (const name of files) hash.update(fs.readFileSync(path.join(root, name)));
  const requirements = hash.digest("hex");
  const stamp = path.join(root, ".venv", ".setup.json"); // written last: an interrupted run leaves none
  const made = readStamp(root, stamp);
  if (made?.[wanted] === requirements) return;

  const python = findPython();
  // What is there stays if it is only to be added to; a changed lock file may also take packages away.
  const adding = made && !made[wanted];
  fs.rmSync(stamp, { force: true });
  if (!adding) {
    await step(`Making a virtual environment (.venv, Python ${python.version})`, async () => {
      const { code, output } = await capture(python.executable, ["-m", "venv", "--clear", path.join(root, ".venv")]);
      if (code !== 0) throw new SetupError(whyPythonFailed(python, output), output);
    });
  }
  await installRequirements(root, files.at(-1), python);
  const { version } = probe(venvPython(root));
  fs.writeFileSync(stamp, JSON.stringify({ ...(adding ? made : {}), [wanted]: requirements, version }));
}

/** Install with uv, which takes a tenth of pip's time; with pip where uv cannot be had or fails. */
export async function installRequirements(root, requirements, python = probe(venvPython(root))) {
  const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes"];
  let instead = "";
  await step(`Installing Python packages (uv, ${requirements})`, async () => {
    const uv = path.join(root, ".venv", "bin", "uv");
    if (!fs.existsSync(uv)) {
      const { code, output } = await capture(venvPython(root), [...pip, "--no-deps", "-r", "scripts/uv.txt"], { cwd: root });
      const why = code === 0 ? "" : whyPythonFailed(python, output);
      if (isHopeless(why)) throw new SetupError(why, output);
    }
    const env = { ...process.env, ...indexOfPip(root) };
    const args = ["pip", "install", "--python", venvPython(root), "--require-hashes", "-r", requirements];
    const { code, output } = await capture(uv, args, { cwd: root, env });
    if (code !== 0) instead = output.trim().split("\n").at(-1) || `nothing, and ends with ${code}`;
  });
  if (!instead) return;
  await step(`Installing Python packages (pip, for uv says: ${instead})`, async () => {
    const { code, output } = await capture(venvPython(root), [...pip, "-r", requirements], { cwd: root });
    if (code !== 0) throw new SetupError(whyPythonFailed(python, output), output);
  });
}

/** The index that the user has set for pip, which uv would not read by itself. */
function indexOfPip(root) {
  if (process.env.UV_DEFAULT_INDEX || process.env.UV_INDEX_URL) return {};
  const set = spawnSync(venvPython(root), ["-m", "pip", "config", "get", "global.index-url"], { encoding: "utf8" });
  const index = process.env.PIP_INDEX_URL || (set.status === 0 && set.stdout.trim());
  return index ? { UV_DEFAULT_INDEX: index } : {};
}

/** What the stamp says of an environment that still works: which sets of packages are in it. */
function readStamp(root, stamp) {
  if (!fs.existsSync(stamp)) return undefined;
  const made = JSON.parse(fs.readFileSync(stamp, "utf8"));
  if (probe(venvPython(root))?.version !== made.version) return undefined; // its Python has gone, or is another one now
  const named = process.env.PYTHON && probe(process.env.PYTHON);
  return !named || named.version === made.version ? made : undefined;
}

const isHopeless = (why) => /disk is full|may not write|cannot be reached/.test(why);

function whyPythonFailed(python, output) {
  if (/No space left|ENOSPC/i.test(output)) {
    return "The disk is full, so the Python packages could not be installed. Free some space, and run this again.";
  }
  if (/Permission denied|Read-only file system/i.test(output)) {
    return "Python may not write here. Make this folder writable for you, and run this again.";
  }
  if (/NewConnectionError|NameResolutionError|name resolution|Connection refused|timed out|ProxyError|SSLError|Max retries|Network is unreachable/i.test(output)) {
    return (
      "The Python package index cannot be reached. Check the network, and behind a proxy or a mirror the settings " +
      "(`pip config list`, HTTPS_PROXY), and run this again."
    );
  }
  if (/ensurepip|No module named (venv|pip)/.test(output)) {
    return `Python ${python.version} comes without its venv module. On Debian and Ubuntu: \`sudo apt install python3-venv\`.`;
  }
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    return "A package is not the one that the lock file of the requirements has. Nothing of it was installed; look at the mirror that you use.";
  }
  if (/No matching distribution|Could not build|Failed building/i.test(output)) {
    return (
      `A package cannot be installed for Python ${python.version}. Try another: \`PYTHON=python3.13 npm run setup\` ` +
      "(or 3.11, 3.12)."
    );
  }
  return "The Python packages could not be installed; what was said is below. Put that right, and run this again.";
}
