"""From recordings to a checkpoint; the runtime never imports this package."""
