"""sophro: language models that are safe without over-refusal, and humane with people."""

__version__ = "0.1.0"
