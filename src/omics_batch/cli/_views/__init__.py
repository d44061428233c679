"""How waits are shown: live on terminals, plain lines elsewhere, JSON for programs."""
