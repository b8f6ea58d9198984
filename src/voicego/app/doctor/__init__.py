"""`voicego doctor`: what is well and what is not on this computer, and what to do."""
