"""Both ways to talk with a program, the one that waits on the pipes and the one with threads for Windows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from voicego.acting.pipes import PollPipes, Tail, ThreadPipes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a selector cannot wait on Windows' pipes")

BOTH = pytest.mark.parametrize("kind", [PollPipes, ThreadPipes])


def talk(
    kind: type[PollPipes | ThreadPipes], command: str, text: bytes = b"", *, until_closed: bool = True
) -> tuple[str, bool]:
    """What `sh -c command` said, and whether the pipe was still held when it had ended."""
    tail = Tail()
    stdin = subprocess.PIPE if text else subprocess.DEVNULL
    with subprocess.Popen(("sh", "-c", command), stdin=stdin, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pipes = kind(process.stdin, text, process.stdout, tail)
        while until_closed and pipes.open:
            pipes.attend(0.05)
        process.wait()
        pipes.drain()
        held = pipes.open
        pipes.close()
        if held and kind is ThreadPipes:
            process.stdout = None  # its thread closes it
    return tail.text(), held


@BOTH
def test_all_that_it_says_is_read(kind: type[PollPipes | ThreadPipes]) -> None:
    assert talk(kind, "echo one; sleep 0.1; echo two") == ("one\ntwo", False)


@BOTH
def test_what_it_is_told_arrives_whole(kind: type[PollPipes | ThreadPipes]) -> None:
    assert talk(kind, "wc -c", b"x" * 300_000) == ("300000", False)


@BOTH
def test_it_need_not_listen(kind: type[PollPipes | ThreadPipes]) -> None:
    assert talk(kind, "echo done", b"x" * 300_000) == ("done", False)


@BOTH
def test_only_the_end_is_kept(kind: type[PollPipes | ThreadPipes]) -> None:
    said, _ = talk(kind, "yes | head -c 1000000; echo; echo end")

    assert said.startswith("… ")
    assert said.endswith("end")
    assert len(said) < 3_000


@BOTH
def test_another_that_holds_the_pipe_is_not_waited_for(kind: type[PollPipes | ThreadPipes]) -> None:
    said, held = talk(kind, "sleep 2 & echo gone", until_closed=False)

    assert (said, held) == ("gone", True)
