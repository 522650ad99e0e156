// npm run check: the gate, the same on a laptop and in CI. Every step runs, whatever the ones before it found.
import fs from "node:fs";
import path from "node:path";

import { python, root, setUpOrExit } from "./lib/setup.mjs";
import { capture, endStepsOnSignal } from "./lib/steps.mjs";

await setUpOrExit();
endStepsOnSignal();

const sls = path.join(root, "node_modules", ".bin", "sls");
const packages = path.join(root, ".local", "check");
const module = (...args) => [python, "-m", ...args];
const templateSteps = ["dev", "prod"].map((stage) => {
  const directory = path.join(packages, stage);
  return [
    `template of stage ${stage}`,
    [sls, "package", "--stage", stage, "--package", directory],
    [path.join(root, ".venv", "bin", "cfn-lint"), path.join(directory, "cloudformation-template-update-stack.json")],
  ];
});
const zips = ["dev", "prod"].flatMap((stage) => ["--artifact", path.join(packages, stage, "product-alerts.zip")]);
const steps = [
  ["format", module("ruff", "format", "--check", ".")],
  ["lint", module("ruff", "check", ".")],
  ["types", module("mypy")],
  ...templateSteps,
  ["tests", module("pytest", "-q")],
  ["benchmarks", module("benchmarks", "--quick", ...zips)],
];

async function run(commands) {
  let output = "";
  for (const [command, ...args] of commands) {
    const env = { ...process.env, NODE_NO_WARNINGS: "1" };
    const result = await capture(command, args, { cwd: root, env });
    output += result.output;
    if (result.code !== 0) return { passed: false, output };
  }
  return { passed: true, output };
}

/** Show on a terminal that a step is under way, and for how long; a log has its line when the step is over. */
async function underWay(name, work) {
  const started = Date.now();
  const draw = () => process.stderr.write(`\r       ${name} … ${Math.floor((Date.now() - started) / 1000)} s`);
  const timer = process.stderr.isTTY ? setInterval(draw, 500) : undefined;
  const result = await work;
  clearInterval(timer);
  if (timer) process.stderr.write("\r\u001b[K");
  return result;
}

fs.rmSync(packages, { recursive: true, force: true });
const failed = [];
for (const [name, ...commands] of steps) {
  const started = Date.now();
  const { passed, output } = await underWay(name, run(commands));
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? "ok    " : "FAILED"} ${name.padEnd(24)} ${seconds.padStart(6)} s`);
  if (!passed) failed.push(name);
  if (!passed) console.log(output.trimEnd().replaceAll(/^/gm, "  | "));
  else if (name === "tests") console.log(output.trimEnd().split("\n").at(-1)); // pytest's own count
}
console.log(failed.length ? `${failed.length} of ${steps.length} failed: ${failed.join(", ")}` : `All ${steps.length} passed.`);
process.exitCode = failed.length ? 1 : 0;
