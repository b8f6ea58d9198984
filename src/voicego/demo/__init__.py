"""The recording that `voicego demo` plays, of synthetic voices; `tests/voices/make_demo.py` made it."""
