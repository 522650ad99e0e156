"""From a stream record to a published alert: all that is deployed, a room a step.

stream ◀─ text ◀─ rules ◀─ config, alerts ◀─ publishing; `pipeline` runs the steps, `bootstrap` puts the parts together.
"""
