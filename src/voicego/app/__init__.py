"""Where the rooms are wired together: one file for each thing that a person may want of voicego."""
