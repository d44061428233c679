"""The simulated service: its state and its responses. No I/O."""
