"""Where what is shown comes from: the stage, the activity log of `npm start`, the files of the project."""
