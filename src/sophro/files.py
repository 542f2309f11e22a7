"""Reading and writing files so that existence means completeness.

Contract: a writer writes to a temporary name beside the target, flushes it to the disk and renames it,
so a killed process or a full disk never leaves a half-written file under its final name. A reader names
the file, the line and the field of whatever is wrong.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sophro.errors import SophroError


def cache_root() -> Path:
    """Return the user's cache folder: ``SOPHRO_CACHE``, else ``$XDG_CACHE_HOME/sophro``."""
    explicit = os.environ.get("SOPHRO_CACHE")
    if explicit:
        return Path(explicit).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sophro"


def _sync_folder(folder: Path) -> None:
    # The rename is durable only once the folder entry itself is on the disk.
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def separate(source: Path | str, out: Path | str) -> None:
    """Refuse to write over what is read.

    Raises:
        SophroError: If both are the same file.
    """
    if Path(source).exists() and Path(out).exists() and os.path.samefile(source, out):
        raise SophroError(f"--out {out}: is the input itself; name another file")


@contextlib.contextmanager
def _replacing(path: Path | str) -> Generator[BinaryIO]:
    """Yield a handle on a temporary file that becomes ``path`` at the end; an exception leaves nothing."""
    target = Path(path)
    if target.is_dir():
        raise SophroError(f"{target}: is a folder; name a file to write")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.", suffix=".tmp")
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        why = (
            "no permission"
            if isinstance(error, PermissionError)
            else "a file stands where a folder is needed"
        )
        raise SophroError(f"{target}: cannot be written ({why}); choose another path") from None
    try:
        with os.fdopen(fd, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def write_bytes(path: Path | str, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically (temporary name, fsync, rename)."""
    with _replacing(path) as handle:
        handle.write(data)


def write_text(path: Path | str, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path`` atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path | str, value: Any) -> None:
    """Write ``value`` as indented JSON to ``path`` atomically; keys keep their order."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_jsonl(path: Path | str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write one JSON object per line to ``path`` atomically while ``rows`` are made; return how many.

    A text that UTF-8 cannot hold (half of a surrogate pair) is written with JSON's escapes.
    """
    count = 0
    with _replacing(path) as handle:
        for row in rows:
            try:
                data = json.dumps(row, ensure_ascii=False).encode("utf-8")
            except UnicodeEncodeError:
                data = json.dumps(row).encode("utf-8")
            handle.write(data + b"\n")
            count += 1
    return count


def write_folder(target: Path | str, fill: Callable[[Path], None]) -> Path:
    """Create the folder ``target`` all at once: ``fill`` a temporary sibling, then rename it.

    Args:
        target: Final folder. If it exists already, it is complete and stays untouched.
        fill: Called with the temporary folder; writes the contents.

    Returns:
        ``target``.
    """
    final = Path(target)
    if final.exists():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}.", suffix=".tmp"))
    try:
        fill(scratch)
        for path in scratch.rglob("*"):
            if path.is_file():
                with path.open("rb") as handle:
                    os.fsync(handle.fileno())
        os.chmod(scratch, 0o755)
        os.rename(scratch, final)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        if final.exists():  # another process finished the same work first
            return final
        raise
    _sync_folder(final.parent)
    return final


def read_text(path: Path | str) -> str:
    """Read a UTF-8 file.

    Raises:
        SophroError: If the file is missing, is a folder, cannot be read, or is not UTF-8.
    """
    file = Path(path)
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SophroError(f"{file}: no such file; check the path") from None
    except IsADirectoryError:
        raise SophroError(f"{file}: is a folder, a file is needed") from None
    except PermissionError:
        raise SophroError(f"{file}: not readable with your permissions") from None
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        raise SophroError(f"{file}, line {line}: not UTF-8; convert the file to UTF-8") from None


def read_jsonl(path: Path | str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, object)`` for each non-blank line of a JSONL file of any size.

    Raises:
        SophroError: If the file cannot be read, or naming file and line, if a line is not UTF-8 or not a
            JSON object.
    """
    file = Path(path)
    try:
        handle = file.open("rb")
    except FileNotFoundError:
        raise SophroError(f"{file}: no such file; check the path") from None
    except IsADirectoryError:
        raise SophroError(f"{file}: is a folder, a file is needed") from None
    except PermissionError:
        raise SophroError(f"{file}: not readable with your permissions") from None
    with handle:
        for number, raw in enumerate(handle, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                value = json.loads(line) if line else None
            except UnicodeDecodeError:
                raise SophroError(f"{file}, line {number}: not UTF-8; convert the file to UTF-8") from None
            except (json.JSONDecodeError, RecursionError) as error:
                why = getattr(error, "msg", "nested too deeply")
                raise SophroError(
                    f"{file}, line {number}: not JSON ({why}); one object a line is needed"
                ) from None
            if not line:
                continue
            if not isinstance(value, dict):
                raise SophroError(
                    f"{file}, line {number}: a JSON object is needed, this is a {type(value).__name__}"
                )
            yield number, value


def digest(*parts: Any) -> str:
    """Return a short, stable hash (16 hex digits of SHA-256) of JSON-serialisable values."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def file_sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file as 64 hex digits, reading it in pieces."""
    total = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while piece := handle.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


@contextlib.contextmanager
def kept_or_temporary(folder: Path | None) -> Generator[Path]:
    """Yield ``folder``, made if need be, or a temporary one that is gone afterwards."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="sophro-") as name:
            yield Path(name)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
