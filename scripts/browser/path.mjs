// node scripts/browser/path.mjs DIRECTORY: unpack Chromium there, if it is not yet, and print where it is, as JSON.
import fs from "node:fs";
import path from "node:path";

const directory = path.resolve(process.argv[2]);
fs.mkdirSync(directory, { recursive: true });
process.env.TMPDIR = directory;
// As on Lambda: with the libraries that a bare Linux lacks. They are used where the system's own do not do.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
const executable = await chromium.executablePath();
console.log(JSON.stringify({ executable, libraries: path.join(directory, "al2023", "lib") }));
