"""`voicego bench`: what listening costs on this machine, side by side with what else people use, in one run."""
