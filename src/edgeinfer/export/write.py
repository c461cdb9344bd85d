"""Writing an export to a folder or a zip archive."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from edgeinfer.errors import InvalidParameterError


def write_files(files: Mapping[str, str], place: str | os.PathLike[str], folder: str) -> None:
    """Write the files under the folder `place`; into an archive if `place` ends in .zip.

    In the archive they lie in `folder`, as the Arduino IDE wants it. Other files that are in the
    folder already stay there.
    """
    path = Path(place)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                # A fixed date: the same model makes the same archive.
                entry = zipfile.ZipInfo(f"{folder}/{name}", (1980, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, text)
        return
    if path.exists() and not path.is_dir():
        raise InvalidParameterError(f"{path} is a file; an export needs a folder or a .zip")
    for name, text in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
