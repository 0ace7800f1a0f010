"""Everything that a planner reads exists in English and in Chinese."""

from typing import Literal, NamedTuple

Language = Literal["en", "zh"]


class Text(NamedTuple):
    """One message in both languages; write numbers into both."""

    en: str
    zh: str

    def in_(self, language: Language) -> str:
        """The message in one language."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.en


NOTHING = Text("", "")
