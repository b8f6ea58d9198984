"""The second stage: a big model that is asked before a rule acts, in a process of its own."""
