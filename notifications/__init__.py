"""From a stream record to a published alert: one module a step, each named after its step.

decode ─▶ changes ─▶ rules ─▶ alerts ─▶ publish ─▶ respond; `pipeline` runs them, `bootstrap` puts them together.
"""
