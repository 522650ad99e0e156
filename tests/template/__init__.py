"""What `sls package` compiles: the templates of the stages, of their parameters and of receivers; the artifact."""
