"""Change the code line by line (mutmut), and compare how many of the changes the tests notice with what is asked.

    .venv-mutants/bin/python tools/mutants.py

pyproject.toml says which modules are changed and which tests have to notice. The survivors are shown as they are.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

MUTMUT = Path(sys.executable).with_name("mutmut")
ASKED = 90.0
VERDICT = re.compile(r"\s*(?P<mutant>omics_batch\.(?P<module>[\w.]+)\.\w+): (?P<verdict>.+)")
NOTICED = ("killed", "timeout")


def main() -> bool:
    """Test every mutant; return whether enough of each module's were noticed."""
    shutil.rmtree("mutants", ignore_errors=True)  # it remembers who survived, whatever the tests have learnt since
    subprocess.run([MUTMUT, "run"], check=True)
    listing = subprocess.run([MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True).stdout
    verdicts = [found for line in listing.splitlines() if (found := VERDICT.fullmatch(line))]
    survivors = [found["mutant"] for found in verdicts if found["verdict"] not in NOTICED]
    for mutant in survivors:
        print(f"\n{mutant}\n{difference(mutant)}")
    made = Counter(found["module"] for found in verdicts)
    noticed = Counter(found["module"] for found in verdicts if found["verdict"] in NOTICED)
    shares = {module: 100 * noticed[module] / made[module] for module in sorted(made)}
    print()
    for module, share in shares.items():
        print(f"{module:24} {noticed[module]:4} of {made[module]:4} mutants were noticed: {share:.1f} %")
    return bool(shares) and min(shares.values()) >= ASKED


def difference(mutant: str) -> str:
    """Give the lines in which a mutant differs."""
    shown = subprocess.run([MUTMUT, "show", mutant], check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in shown.splitlines() if re.match(r"[-+](?![-+])", line))


if __name__ == "__main__":
    sys.exit(0 if main() else f"less than {ASKED:g} % of a module's mutants were noticed")
