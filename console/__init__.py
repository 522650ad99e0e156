"""The console: see a change become an alert, and put right what went wrong. `npm run console`.

It shows what `operations` works out, and does what `operations` does: it decides nothing by itself.
"""
