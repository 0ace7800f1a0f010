"""How this call of `restock` speaks: which language, for people or for programs."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from restock.language import Language


@dataclass(frozen=True)
class Call:
    """What is known before the arguments are parsed, so that even a wrong call is answered as asked for."""

    arguments: tuple[str, ...]
    language: Language = "en"
    json: bool = False
    debug: bool = False


def read_call(arguments: Sequence[str], environment: Mapping[str, str]) -> Call:
    """The language comes from `--lang`, RESTOCK_LANG, the project's settings, the system: the first that says one."""
    options = tuple(arguments[: arguments.index("--")]) if "--" in arguments else tuple(arguments)
    debug = "--debug" in options or environment.get("RESTOCK_DEBUG", "") not in ("", "0")
    said = (
        _value(options, "--lang") or environment.get("RESTOCK_LANG") or _of_project(_value(options, "--project") or ".")
    )
    return Call(tuple(arguments), _language(said or _of_system(environment)), "--json" in options, debug)


def _value(options: Sequence[str], name: str) -> str | None:
    found = None
    for index, here in enumerate(options):
        if here == name:
            found = "".join(options[index + 1 : index + 2])
        elif here.startswith(f"{name}="):
            found = here.removeprefix(f"{name}=")
    return found


def _of_project(folder: str) -> str | None:
    """What the settings say; broken settings are told by whoever opens the project."""
    try:
        with (Path(folder) / "restock.toml").open("rb") as file:
            return tomllib.load(file).get("shop", {}).get("language")
    except (OSError, ValueError, AttributeError):
        return None


def _of_system(environment: Mapping[str, str]) -> str:
    return environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or "en"


def _language(said: str) -> Language:
    return "zh" if str(said).lower().startswith("zh") else "en"
