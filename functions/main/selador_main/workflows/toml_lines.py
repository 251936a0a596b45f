"""Where in a TOML file a key stands: tomllib reads values but keeps no lines.

Good for the files of this folder: tables, arrays of tables and one key a line, texts in quotes of any kind.
"""

import re

_HEADER = re.compile(r"\[\[?\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"([\w-]+)\s*=\s*(.*)$")


class TomlLines:
    """The lines of the keys of one file."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str | int, ...], int] = {}
        table: tuple[str | int, ...] = ()
        items: dict[str, int] = {}
        quote = ""  # that of the multi-line text that a line is in
        for number, line in enumerate(text.splitlines(), start=1):
            if quote:
                quote = "" if quote in line else quote
            elif header := _HEADER.match(line):
                table = tuple(header[1].split("."))
                if line.startswith("[["):
                    items[header[1]] = items.get(header[1], -1) + 1
                    table += (items[header[1]],)
                self._lines[table] = number
            elif key := _KEY.match(line):
                self._lines[(*table, key[1])] = number
                opened = key[2][:3]
                quote = opened if opened in ('"""', "'''") and opened not in key[2][3:] else ""

    def line(self, *path: str | int) -> int:
        """Return the line of the key at `path`, or of the nearest table around where it is missing; else 1."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)
