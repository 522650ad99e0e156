// npm run setup
import { setUpOrExit } from "./lib/setup.mjs";

await setUpOrExit();
process.stderr.write("Set up. Next: `npm start`, or `npm test`.\n");
