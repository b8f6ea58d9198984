"""What the demo's rule starts: a program that says hello."""

import sys

print(f"a program that the rule for {sys.argv[1]} started says hello")  # noqa: T201 -- that is all it is for
