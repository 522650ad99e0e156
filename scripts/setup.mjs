// npm run setup: what the service and its commands run on; with `-- --all` what tests and the gate need, too
import { setUpOrExit } from "./lib/setup.mjs";

await setUpOrExit({ development: process.argv.includes("--all") });
process.stderr.write("Set up. Next: `npm start`, or `npm test`.\n");
