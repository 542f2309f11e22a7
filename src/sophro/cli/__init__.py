"""The command line: parse, call, print. Everything heavy is imported by the command that needs it.

Contract: a ``SophroError`` becomes one line on stderr and exit code 2; anything else is a defect of ours and
keeps its traceback (exit code 1).
"""

from __future__ import annotations

import os
import sys

# Switch off the libraries' telemetry and hub look-ups before any of them is imported.
for _name, _value in {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}.items():
    os.environ.setdefault(_name, _value)


def main() -> None:
    """Entry point of ``sophro``."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    from sophro.errors import SophroError

    try:
        return _dispatch(arguments)
    except SophroError as error:
        return _complain(" ".join(str(error).split()))
    except (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        # A path that cannot be what it was named for: the user's to mend, wherever in a command it shows.
        return _complain(f"{error.filename}: {str(error.strerror).lower()}; choose another path")
    except KeyboardInterrupt:
        print("sophro: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader went away (`sophro methods | head`); that is not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: list[str]) -> int:
    from cyclopts.exceptions import CycloptsError

    from sophro.cli._app import app

    try:
        result = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _complain(f"{' '.join(str(error).split())}; see `sophro --help`")
    return result if isinstance(result, int) else 0


def _complain(message: str) -> int:
    # Names in messages come from files and models: no control character may reach the terminal.
    clean = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in message)
    print(f"sophro: error: {clean}", file=sys.stderr)
    return 2
