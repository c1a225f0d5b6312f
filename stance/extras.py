"""Optional packages: imports what an extra brings, and says what to install where it is missing or broken."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from stance.errors import MissingExtraError


def advice(extra: str) -> str:
    """How to install an extra; from the clone, as the index holds another package of this name."""
    return f"in the clone of stance, pip install '.[{extra}]'"


def require(extra: str, purpose: str, *modules: str) -> None:
    """Sees to it, without importing them, that the modules of an extra are installed.

    Args:
        extra: Its name.
        purpose: What needs it.
        modules: What it brings.

    Raises:
        MissingExtraError: One is missing; it is named.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"{purpose} needs the extra `{extra}`, as there is no module {', '.join(missing)}: {advice(extra)}")


def load(extra: str, purpose: str, module: str) -> ModuleType:
    """Imports a module that an extra brings.

    Args:
        extra: The extra.
        purpose: What needs it.
        module: The module.

    Raises:
        MissingExtraError: It is missing, or does not import; then what it lacks itself is named.
    """
    require(extra, purpose, module)
    try:
        return import_module(module)
    except ImportError as error:
        reason = " ".join(str(error).split())
        raise MissingExtraError(
            f"{purpose} needs {module}, which is installed but does not import ({reason}): {advice(extra)} brings what it needs"
        ) from error
