"""The accounts that a user's jobs may be charged to."""

from __future__ import annotations

import getpass

from .commands import ask


def known_accounts() -> list[str]:
    """Accounts of the user, in lower case; none if the cluster keeps no accounts or does not tell.

    The cluster is asked as Snakemake's plugin asks it. The plugin fails every job whose account is not in the answer.
    """
    questions = (
        ("sacctmgr", "-nsP", "list", "user", getpass.getuser(), "format=account"),
        ("sshare", "-nPU", "--format=Account"),
    )
    for question in questions:
        status, answer = ask(*question)
        if status == 0 and answer:
            return sorted({line.strip().lower() for line in answer.splitlines() if line.strip()})
    return []
