// What the console's tests in a browser need beside the development set: Chromium, axe-core and Playwright.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { installNodePackages } from "./node.mjs";
import { installRequirements } from "./python.mjs";

const PLAYWRIGHT = path.join("scripts", "pictures", "requirements.txt");

/** Whether the browser of the Node package runs here; elsewhere CHROME_PATH names one. */
export const hasBrowser = () => Boolean(process.env.CHROME_PATH) || (process.platform === "linux" && process.arch === "x64");

/** Install what is missing; the development set is there already. */
export async function setUpBrowser(root) {
  await installNodePackages(path.join(root, "scripts", "browser"), "Installing a browser for the tests (npm ci)");
  const hash = createHash("sha256").update(fs.readFileSync(path.join(root, PLAYWRIGHT))).digest("hex");
  const stamp = path.join(root, ".venv", ".browser"); // gone with an environment that is made anew
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === hash) return;
  await installRequirements(root, PLAYWRIGHT);
  fs.writeFileSync(stamp, hash);
}
