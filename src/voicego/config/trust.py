"""Who may have written the rules: they are commands, so it must be the person, or the superuser, and nobody else."""

from __future__ import annotations

import os
import shlex
import stat
import sys
from typing import TYPE_CHECKING

from voicego.config.way import way_to

if TYPE_CHECKING:
    from pathlib import Path


def distrusted(path: Path, opened: os.stat_result) -> str:
    """Say why what a file says may not be carried out, and what mends it; empty if it may.

    `opened` is of the file that was opened, so that no other is looked at. The folders count as well, for whoever may
    write in one puts another file there; and so do the links that lead to the file.

    Raises:
        OSError: a part of the way cannot be looked at.
    """
    if sys.platform == "win32":  # its rights are lists, and a profile's are private by inheritance
        return ""
    *links, file = way_to(path)
    if told := _owned(file.place, opened, "this file") or _written(file.place, opened, "in this file"):
        return told
    for link in links:
        if told := _owned(link.place, link.place.lstat(), f"the link {link.place}"):
            return told
    for folder in dict.fromkeys(step.folder for step in (*links, file)):
        found = folder.stat()
        if told := _owned(folder, found, f"the folder {folder}"):
            return told
        # In a sticky folder, such as /tmp, only its owner puts another in a file's place.
        if not found.st_mode & stat.S_ISVTX and (told := _written(folder, found, f"in the folder {folder}")):
            return told
    return ""


def _owned(place: Path, found: os.stat_result, what: str) -> str:
    me = os.geteuid()
    if found.st_uid in {0, me}:
        return ""
    mend = f"sudo chown {'-h ' if stat.S_ISLNK(found.st_mode) else ''}{_user(me)} {shlex.quote(str(place))}"
    return (
        f"{what} belongs to {_user(found.st_uid)}, who could change what is done in your name; "
        f"if you know what is in it, make it yours: {mend}"
    )


def _written(place: Path, found: os.stat_result, where: str) -> str:
    everyone = found.st_mode & stat.S_IWOTH
    group = found.st_mode & stat.S_IWGRP and not _is_own_group(place, found)
    if not everyone and not group:
        return ""
    who = "everyone" if everyone else f"the group {_group(found.st_gid)}"
    sudo = "" if found.st_uid == os.geteuid() else "sudo "
    mend = f"{sudo}chmod {'g' if group else ''}{'o' if everyone else ''}-w {shlex.quote(str(place))}"
    return f"{who} may write {where}, and so have any command carried out; mend it with: {mend}"


def _is_own_group(place: Path, found: os.stat_result) -> bool:
    """Whether the owner is alone in the group: many systems give each user one of the same name."""
    import grp  # noqa: PLC0415 -- there is none on Windows
    import pwd  # noqa: PLC0415

    try:
        owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:  # a number that nobody has a name for
        return False
    alone = group.gr_gid == owner.pw_gid and group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}
    return alone and not _has_list(place)


def _has_list(place: Path) -> bool:
    """Whether an access control list names others: the group's bits are then only the most that it may allow."""
    if sys.platform != "linux":
        return False
    try:
        return bool(os.getxattr(place, "system.posix_acl_access"))
    except OSError:  # none, or a file system without
        return False


def _user(number: int) -> str:
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    import grp  # noqa: PLC0415

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
