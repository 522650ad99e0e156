"""One run of `npm start`, from an empty local AWS to the last alert."""
