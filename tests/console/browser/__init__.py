"""The console in a real browser. `npm run check` installs it; without it these tests are skipped."""
