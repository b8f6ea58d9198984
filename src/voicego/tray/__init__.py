"""The tray: a process of its own, a client of the control socket. Alone in importing pystray and Pillow."""
