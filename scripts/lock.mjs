// npm run lock: requirements*.in into requirements*.txt, with hashes and for every platform and Python from 3.11 on.
// The development set is resolved first: what the function runs on is then what the tests ran on.
import { spawnSync } from "node:child_process";

import path from "node:path";

import { root, setUpOrExit } from "./lib/setup.mjs";

const OPTIONS = [
  "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header",
  "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--quiet",
];
const LOCKS = [
  ["requirements-dev.in", "-o", "requirements-dev.txt"],
  ["requirements-local.in", "-c", "requirements-dev.txt", "-o", "requirements-local.txt"],
  ["requirements.in", "-c", "requirements-dev.txt", "-o", "requirements.txt"],
  ["scripts/uv.in", "-o", "scripts/uv.txt"],
  ["scripts/audit/requirements.in", "-o", "scripts/audit/requirements.txt"],
  ["scripts/pictures/requirements.in", "-c", "requirements-dev.txt", "-o", "scripts/pictures/requirements.txt"],
];

await setUpOrExit();
const uv = path.join(root, ".venv", "bin", "uv");

for (const lock of LOCKS) {
  const { error, status } = spawnSync(uv, ["pip", "compile", ...OPTIONS, ...lock], { cwd: root, stdio: "inherit" });
  if (error) console.error(`error: uv locks the requirements, and ${uv} does not run: ${error.message}`);
  if (status !== 0) process.exit(1);
}
