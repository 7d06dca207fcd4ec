"""Who may do what on the observation platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agglo.core.errors import OptionError, suggest
from agglo.core.options import check_choice

__all__ = ["ACTIONS", "ROLES", "Access"]

ROLES = ("viewer", "analyst", "editor", "approver")
# action to the least role: each role may do what the ones before it may
ACTIONS: Mapping[str, str] = {
    "read": "viewer",
    "export": "viewer",
    "compute": "analyst",
    "acknowledge": "analyst",
    "add": "editor",
    "retire": "editor",
    "tie": "editor",
    "answer": "editor",
    "agree": "editor",
    "correct": "approver",
    "approve": "approver",
}


@dataclass(frozen=True, slots=True)
class Access:
    """Users and their roles; who is not named may do nothing.

    Parameters
    ----------
    roles
        User to role.

    Examples
    --------
    >>> from agglo.studies.formation.access import Access
    >>> Access({"li": "editor"}).may("li", "add"), Access({"li": "viewer"}).may("li", "add")
    (True, False)
    """

    roles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the roles."""
        for user, role in self.roles.items():
            check_choice(f"roles[{user!r}]", role, ROLES)

    def may(self, user: str, action: str) -> bool:
        """Say whether a user may do something.

        Parameters
        ----------
        user
            Name.
        action
            One of `ACTIONS`.

        Returns
        -------
        bool
            Whether the role is high enough.
        """
        check_choice("action", action, tuple(ACTIONS))
        role = self.roles.get(user)
        return role is not None and ROLES.index(role) >= ROLES.index(ACTIONS[action])

    def require(self, user: str, action: str) -> None:
        """Refuse what a user may not do.

        Raises
        ------
        OptionError
            With the role that it takes.
        """
        if self.may(user, action):
            return
        role = self.roles.get(user)
        if role is None:
            hint = suggest(user, list(self.roles))
            msg = f"user={user!r} has no role on the platform. {hint}".rstrip()
        else:
            needed = ACTIONS[action]
            msg = f"user={user!r} is {role}: to {action} takes the role {needed}."
        raise OptionError(msg)
