"""Synthetic voices: words and talk that no person recorded, to train on and to measure false accepts with."""
