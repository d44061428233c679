"""How waits are shown: pictures that move on terminals, lines elsewhere, JSON for programs."""
