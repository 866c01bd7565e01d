"""The command line, run in this process."""

import sys

import pytest

from retrodetect import cli


@pytest.fixture
def retrodetect(monkeypatch, capsys):
    """Run the command line in this process; gives status, stdout and stderr."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["retrodetect", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return command
