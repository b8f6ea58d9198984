"""`python -m voicego` is `voicego`."""

from voicego.cli import main

if __name__ == "__main__":
    main()
