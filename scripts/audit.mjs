// npm run audit: known vulnerabilities of all that is deployed or used to build, test and deploy it, what checkov makes of
// the reviewed templates, and the bills of materials in .local/sbom/. Exits 1 for a vulnerability that counts or a check
// that fails; where advisories cannot be had, it says so and goes on.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { root, setUpOrExit } from "./lib/setup.mjs";

const LOCKS = ["requirements.txt", "requirements-dev.txt"]; // the first is what is deployed
const COUNTS = ["high", "critical"]; // of the Node packages, which build and deploy, and are not deployed themselves
const STAGES = ["dev", "staging", "prod"];
const home = path.join(root, ".local", "audit");
const bills = path.join(root, ".local", "sbom");

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  return { status, stdout: stdout ?? "", stderr: stderr ?? String(error) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Lines about vulnerabilities of Python packages; undefined where the advisories could not be had. */
export function ofPython(report) {
  return report?.dependencies
    ?.flatMap(({ name, version, vulns }) => (vulns ?? []).map((each) => `${name} ${version}: ${each.id}${fixedIn(each)}`));
}

function fixedIn({ fix_versions: versions }) {
  return versions?.length ? `, mended in ${versions.join(", ")}` : ", not mended yet";
}

/** Likewise of Node packages, with how severe each is. */
export function ofNode(report) {
  if (!report?.metadata) return undefined;
  return Object.values(report.vulnerabilities ?? {}).map(({ name, severity, range }) => ({
    severity,
    line: `${name} ${range}: ${severity}`,
  }));
}

function auditPython(lock) {
  const file = path.join(home, "report.json");
  fs.rmSync(file, { force: true });
  const tool = path.join(home, "venv", "bin", "pip-audit");
  const args = ["--disable-pip", "--require-hashes", "-r", lock, "-f", "json", "-o", file, "--progress-spinner", "off"];
  const { stderr } = run(tool, args);
  return { found: ofPython(fs.existsSync(file) ? parsed(fs.readFileSync(file, "utf8")) : undefined), why: stderr };
}

function say(what, lines, why) {
  if (!lines) console.log(`${what}: the advisories cannot be had, so nothing is known. ${lastLine(why)}`);
  else console.log(lines.length ? `${what}:\n  ${lines.join("\n  ")}` : `${what}: no known vulnerability`);
}

function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? "";
}

function installTools() {
  const uv = path.join(root, ".venv", "bin", "uv");
  const venv = path.join(home, "venv");
  const lock = path.join("scripts", "audit", "requirements.txt");
  for (const args of [["venv", "--quiet", "--allow-existing", venv], ["pip", "install", "--quiet", "--python", venv, "--require-hashes", "-r", lock]]) {
    const { status, stderr } = run(uv, args);
    if (status !== 0) throw new Error(`the audit's own tools cannot be installed: ${lastLine(stderr)}`);
  }
}

function checkTemplate(stage) {
  const template = path.join("tests", "snapshots", `${stage}.json`);
  const settings = path.join("infrastructure", "checkov.yml");
  const args = ["--file", template, "--config-file", settings, "--skip-download"];
  const { status, stdout, stderr } = run(path.join(home, "venv", "bin", "checkov"), args);
  console.log(status === 0 ? `template of stage ${stage}: no check fails` : `template of stage ${stage}:\n${stdout}${stderr}`);
  return status === 0;
}

function writeBills() {
  fs.mkdirSync(bills, { recursive: true });
  const python = path.join(bills, "deployed.cdx.json");
  const tool = path.join(home, "venv", "bin", "cyclonedx-py");
  const made = run(tool, ["requirements", "requirements.txt", "--of", "JSON", "--output-reproducible", "-o", python]);
  if (made.status !== 0) throw new Error(`no bill of materials: ${lastLine(made.stderr)}`);
  const node = run("npm", ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]);
  if (node.status !== 0) throw new Error(`no bill of materials: ${lastLine(node.stderr)}`);
  fs.writeFileSync(path.join(bills, "tools.cdx.json"), node.stdout);
  console.log(`bills of materials, CycloneDX: ${path.relative(root, bills)}/deployed.cdx.json, tools.cdx.json`);
}

function main() {
  fs.mkdirSync(home, { recursive: true });
  installTools();
  let failed = false;
  for (const lock of LOCKS) {
    const { found, why } = auditPython(lock);
    say(lock, found, why);
    failed ||= Boolean(found?.length);
  }
  const { stdout, stderr } = run("npm", ["audit", "--package-lock-only", "--json"]);
  const report = parsed(stdout);
  const found = ofNode(report);
  say("package-lock.json", found?.map(({ line }) => line), report?.message ?? stderr);
  failed ||= Boolean(found?.some(({ severity }) => COUNTS.includes(severity)));
  failed = !STAGES.map(checkTemplate).every(Boolean) || failed;
  writeBills();
  return failed ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) {
  await setUpOrExit();
  try {
    process.exitCode = main();
  } catch (error) {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
