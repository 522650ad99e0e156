// npm run setup: what the service and its commands run on; with `-- --all` what tests and the gate need, too, and with
// `-- --browser` those in a browser
import { setUpOrExit } from "./lib/setup.mjs";

const browser = process.argv.includes("--browser");
await setUpOrExit({ development: browser || process.argv.includes("--all"), browser });
process.stderr.write("Set up. Next: `npm start`, or `npm test`.\n");
