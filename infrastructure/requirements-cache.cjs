// Where the packaged requirements are kept between two packagings. The plugin keys its cache by requirements.txt alone;
// what is left out of them, and for which platform they are fetched, decides as much about what is in there.
"use strict";

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

module.exports = async ({ resolveVariable }) => {
  const hash = createHash("sha256").update(fs.readFileSync(path.join(__dirname, "slim.yml")));
  hash.update(JSON.stringify(await resolveVariable("self:custom.pythonRequirements.pipCmdExtraArgs")));
  return { location: path.join(".cache", hash.digest("hex").slice(0, 16)) };
};
