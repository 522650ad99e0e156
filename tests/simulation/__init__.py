"""The real pipeline behind the real event source mapping, under virtual time and faults on purpose.

    scenario (changes, faults, outages)  ──▶  world.run  ──▶  laws.check against the oracle

`python -m tests.simulation --invocations 5000000 --seed N` runs it for as long as one likes.
"""
