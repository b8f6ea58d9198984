"""From windows of sound to detections of keywords."""
