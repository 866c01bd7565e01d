"""Help in plain text, with the options of a command by topic."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

__all__ = ["Command"]


class Command(TyperCommand):
    """A command whose help waits for no library that draws boxes."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a list for each topic: arguments, options, then those with a name."""
        topics: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            usual = f"{parameter.param_type_name.capitalize()}s"
            topic = getattr(parameter, "rich_help_panel", None) or usual
            if line := parameter.get_help_record(ctx):
                topics.setdefault(topic, []).append(line)
        for topic, lines in topics.items():
            with formatter.section(topic):
                formatter.write_dl(lines)
