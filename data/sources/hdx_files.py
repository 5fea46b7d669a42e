"""Files on the Humanitarian Data Exchange (HDX): found by their dataset, then downloaded.

HDX runs CKAN: `package_show` answers with a dataset's resources, each with the address of a file.
That address is HDX's word, so a source that uses this is asked through the guarded client
(`Adapter.is_guarded`). No key is needed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from data.sources.contract import Access


def fetch_hdx_file(access: Access, dataset: str, file_names: Sequence[str]) -> Path:
    """Returns the file of a dataset whose name fits, downloaded under that name.

    Args:
        access: With what to ask.
        dataset: Name of the dataset, as in its address.
        file_names: Patterns of the whole file name, the best first; case makes no difference.

    Raises:
        SourceUnavailable: The dataset or the file is not there, or cannot be had whole.
    """
    url = f"{access.settings.hdx_url}/api/3/action/package_show"
    hint = (
        f"Look for the file at {access.settings.hdx_url}/dataset/{dataset} and give its address: "
        "--from URL."
    )
    answer = access.fetcher.get_json(url, params={"id": dataset}, hint=hint)
    found = answer.get("result") if isinstance(answer, dict) and answer.get("success") else None
    resources = found.get("resources") if isinstance(found, dict) else None
    if not isinstance(resources, list) or not all(isinstance(item, dict) for item in resources):
        raise access.fetcher.fail(url, f"its answer has no resources of '{dataset}'", hint)
    addresses = [str(item.get("url") or "") for item in resources]
    names = [urlsplit(address).path.rpartition("/")[2] for address in addresses]
    for pattern in file_names:
        for name, address in zip(names, addresses, strict=True):
            if re.fullmatch(pattern, name, re.IGNORECASE):
                target = access.folder / name
                access.fetcher.download(address, target, on_progress=access.on_progress)
                return target
    listed = ", ".join(names) or "none"
    raise access.fetcher.fail(url, f"'{dataset}' has no such file, only: {listed}", hint)
