// All that the project's commands need, made once and skipped from then on while nothing has changed.
import path from "node:path";
import { fileURLToPath } from "node:url";

import { setUpNodePackages } from "./node.mjs";
import { setUpPython, venvPython } from "./python.mjs";
import { endStepsOnSignal, explain } from "./steps.mjs";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
export const python = venvPython(root);

/** Set up, or print why not and end the process with 1. */
export async function setUpOrExit() {
  const stop = endStepsOnSignal();
  try {
    await setUpNodePackages(root);
    await setUpPython(root);
  } catch (error) {
    explain(error);
    process.exit(1);
  }
  stop();
}
