// The Node half of the set-up: node_modules as package-lock.json has it.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { SetupError, capture, step } from "./steps.mjs";

export const setUpNodePackages = (root) => installNodePackages(root, "Installing Node packages (npm ci)");

/** Install what the lock file of a folder pins, unless that is done. */
export async function installNodePackages(root, label) {
  const lock = createHash("sha256").update(fs.readFileSync(path.join(root, "package-lock.json"))).digest("hex");
  const wanted = JSON.stringify({ lock, node: process.version });
  // Inside node_modules, which `npm ci` empties first: an interrupted run leaves no stamp.
  const stamp = path.join(root, "node_modules", ".setup.json");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted) return;
  await step(label, async () => {
    fs.rmSync(stamp, { force: true });
    // What the lock file pins is checked by its hash, so a copy from the cache is as good as a new one.
    const args = ["ci", "--prefer-offline", "--fetch-retry-maxtimeout=10000"];
    const { code, output } = await capture("npm", args, { cwd: root });
    if (code !== 0) throw new SetupError(whyNpmFailed(code, output), output);
    fs.writeFileSync(stamp, wanted);
  });
}

function whyNpmFailed(code, output) {
  if (/ENOSPC|no space left/i.test(output)) {
    return "The disk is full, so the Node packages could not be installed. Free some space, and run this again.";
  }
  if (/EACCES|EROFS/.test(output)) {
    return "npm may not write here. Make this folder writable for you, and run this again.";
  }
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network request|self.signed certificate/i.test(output)) {
    return (
      "The npm registry cannot be reached. Check the network, and behind a proxy or a mirror the settings " +
      "(`npm config get registry`, `npm config get proxy`), and run this again."
    );
  }
  if (code === 127) return "There is no npm on the path. It comes with Node: https://nodejs.org/";
  if (/EUSAGE|in sync/.test(output)) {
    return "package-lock.json does not fit package.json. Run `npm install` to bring it up to date, and run this again.";
  }
  return "npm could not install the Node packages; what it said is below. Put that right, and run this again.";
}
