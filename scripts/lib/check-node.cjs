// Loaded before each of the scripts (`node -r`): which Node they need, said in words that any Node since 12 can read.
// npm's engine-strict does not do: `npm start` never looks at it, and npm 6, of Node 14, not even at `npm ci`.
"use strict";
const fs = require("fs");
const path = require("path");

/** Does a version satisfy a range made of `^1.2.3`, `>=1.2.3` and `||`? That is all package.json's engines use. */
function satisfies(version, range) {
  const numbers = (text) => [0, 1, 2].map((place) => Number(text.split(".")[place] || 0));
  const actual = numbers(version.replace(/^v/, ""));
  return range.split("||").some((part) => {
    const [, operator, text] = /^\s*(\^|>=)(\d[\d.]*)\s*$/.exec(part) || [];
    if (!operator) throw new Error(`engines in package.json: ${part.trim()} is not understood`);
    const wanted = numbers(text);
    const first = [0, 1, 2].find((place) => actual[place] !== wanted[place]);
    const atLeast = first === undefined || actual[first] > wanted[first];
    return atLeast && (operator === ">=" || actual[0] === wanted[0]);
  });
}

const range = JSON.parse(fs.readFileSync(path.join(__dirname, "..", "..", "package.json"), "utf8")).engines.node;
if (!satisfies(process.version, range)) {
  process.stderr.write(
    `error: Node ${process.version} at ${process.execPath} is not supported: ${range} is needed. Install a newer one from ` +
      "https://nodejs.org/ (or `nvm install 24`), and run this again.\n"
  );
  process.exit(1);
}
