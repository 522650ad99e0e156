// npm run check: the gate, which takes two minutes on a laptop; with --all the end-to-end tests as well, as in CI.
// Every step runs, whatever the others found.
import fs from "node:fs";
import path from "node:path";

import { hasBrowser } from "./lib/browser.mjs";
import { python, root, setUpOrExit } from "./lib/setup.mjs";
import { capture, endStepsOnSignal } from "./lib/steps.mjs";

const OPTIONS = ["--all", "--coverage"];
const unknown = process.argv.slice(2).filter((option) => !OPTIONS.includes(option));
if (unknown.length) {
  process.stderr.write(`error: npm run check takes ${OPTIONS.join(" and ")}, not ${unknown.join(" ")}\n`);
  process.exit(2);
}
const all = process.argv.includes("--all");
const browser = all && hasBrowser();
await setUpOrExit({ development: true, browser });
endStepsOnSignal();

const packages = path.join(root, ".local", "check");
const sls = path.join(root, "node_modules", ".bin", "sls");
const module = (...args) => [python, "-m", ...args];
const tool = (name, ...args) => [path.join(root, ".venv", "bin", name), ...args];
const stages = ["dev", "staging", "prod"];
const made = (name) => stages.map((stage) => path.join(packages, stage, name));
const packageSteps = stages.map((stage) => [
  `package of stage ${stage}`,
  [sls, "package", "--stage", stage, "--region", "us-east-1", "--package", path.join(packages, stage)],
]);
const zips = made("product-alerts.zip").flatMap((zip) => ["--artifact", zip]);
const SIDE_BY_SIDE = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]; // as `npm test`
const coverage = process.argv.includes("--coverage") ? ["--cov", "--cov-report="] : []; // half as much time again
const workflows = path.join(".github", "workflows", "check.yml");

const whichTests = all ? [] : ["-m", "not end_to_end"];

const sourceSteps = [
  ["format", module("ruff", "format", "--check", ".")],
  ["lint", module("ruff", "check", ".")],
  ["types", module("mypy")],
  [
    "workflows",
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflows),
    tool("zizmor", "--offline", "--no-progress", "--persona", "pedantic", workflows),
  ],
];
const testSteps = [["tests", module("pytest", "-q", ...SIDE_BY_SIDE, ...whichTests, ...coverage)]];
const artifactSteps = [
  ["templates", tool("cfn-lint", ...made("cloudformation-template-update-stack.json"))],
  ["benchmarks", module("benchmarks", "--quick", ...zips)], // counts instructions and calls, which load cannot change
];

/** Two lanes at a time. No test runs while osls packages: it does so in one folder, .serverless/. */
async function everything() {
  const packaging = oneByOne(packageSteps);
  const tests = packaging.then(() => oneByOne(testSteps));
  await oneByOne(sourceSteps);
  await packaging;
  if (!packageSteps.some(([name]) => failed.includes(name))) await oneByOne(artifactSteps); // else there is nothing to read
  await tests;
}

async function run(commands) {
  let output = "";
  for (const [command, ...args] of commands) {
    const env = {
      ...process.env,
      NODE_NO_WARNINGS: "1",
      PYTHONDONTWRITEBYTECODE: "", // without bytecode each of a hundred processes would compile the project anew
      PACKAGED_STAGES: packages,
      ...(browser && { BROWSER_TESTS: "required" }),
    };
    const result = await capture(command, args, { cwd: root, env });
    output += result.output;
    if (result.code !== 0) return { passed: false, output };
  }
  return { passed: true, output };
}

const underWay = new Map(); // the steps, and when each began
const passed = [];
const failed = [];

/** Show on a terminal what is under way, and for how long; a log has a step's line when the step is over. */
function draw() {
  const steps = [...underWay].map(([name, started]) => `${name} … ${Math.floor((Date.now() - started) / 1000)} s`);
  process.stderr.write(`\r\u001b[K       ${steps.join(", ")}`);
}

async function oneByOne(steps) {
  for (const [name, ...commands] of steps) {
    const started = Date.now();
    underWay.set(name, started);
    const result = await run(commands);
    underWay.delete(name);
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    report(name, (Date.now() - started) / 1000, result);
  }
}

function report(name, seconds, result) {
  (result.passed ? passed : failed).push(name);
  console.log(`${result.passed ? "ok    " : "FAILED"} ${name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`);
  if (!result.passed) console.log(whatFailed(result.output).trimEnd().replaceAll(/^/gm, "  | "));
  else if (name === "tests") console.log(lastLines(result.output));
}

/** Give pytest's list of the failed tests first, then the reasons, without the dots; any other output whole. */
function whatFailed(output) {
  const [, details, summary] = /^(=+ (?:ERRORS|FAILURES) =+$.*)^(=+ short test summary info =+$.*)/ms.exec(output) ?? [];
  return summary ? `${summary.trimEnd()}\n${details}` : output;
}

/** Give pytest's own count and, where it was measured, the coverage. */
function lastLines(output) {
  return output.split("\n").filter((line) => /^\d+ passed|^Required test coverage/.test(line)).join("\n");
}

fs.rmSync(packages, { recursive: true, force: true });
const timer = process.stderr.isTTY ? setInterval(draw, 500) : undefined;
await everything();
clearInterval(timer);
const total = passed.length + failed.length;
console.log(failed.length ? `${failed.length} of ${total} failed: ${failed.join(", ")}` : `All ${total} passed.`);
if (!all) console.log("Not run: the end-to-end tests (npm run check -- --all), and the soaks at full length (npm run soak).");
process.exitCode = failed.length ? 1 : 0;
