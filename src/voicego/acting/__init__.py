"""From a detection to what the rule asks for."""
