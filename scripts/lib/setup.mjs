// All that the project's commands need, made once and skipped from then on while nothing has changed.
import path from "node:path";
import { fileURLToPath } from "node:url";

import { setUpBrowser } from "./browser.mjs";
import { setUpNodePackages } from "./node.mjs";
import { setUpPython, venvPython } from "./python.mjs";
import { endStepsOnSignal, explain } from "./steps.mjs";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
export const python = venvPython(root);

/** Set up, with what tests need if `development`, and those in a `browser`; or print why not and end with 1. */
export async function setUpOrExit({ development = false, browser = false } = {}) {
  const stop = endStepsOnSignal();
  // Side by side: the one downloads while the other computes.
  const halves = await Promise.allSettled([setUpNodePackages(root), setUpPython(root, development)]);
  const failed = halves.filter(({ status }) => status === "rejected");
  if (failed.length) {
    for (const { reason } of failed) explain(reason);
    process.exit(1);
  }
  if (browser) await setUpBrowser(root).catch((error) => { explain(error); process.exit(1); });
  stop();
}
