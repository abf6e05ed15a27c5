"""Validate a crate without a network: validate.py CRATE CONTEXT CACHE

CONTEXT is the JSON-LD context of RO-Crate 1.1 as a file; it is put into the validator's own
store of downloads (CACHE), for the crate names it by its address. Prints every unmet
requirement of Workflow Run Crate and of what it rests on; exit status 1 if there is one.
"""

import sys
from io import BytesIO
from pathlib import Path

from requests import Request, Response
from requests_cache import CachedSession
from rocrate_validator.models import Severity
from rocrate_validator.services import ValidationSettings, validate
from urllib3 import HTTPResponse

ADDRESS = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "workflow-run-crate-0.5"


def keep(content: bytes, cache: Path) -> None:
    """Store `content` as if it had been downloaded from ADDRESS."""
    headers = {"Content-Type": "application/ld+json"}
    response = Response()
    response.status_code, response.url, response.encoding = 200, ADDRESS, "utf-8"
    response.headers.update(headers)
    response.request = Request("GET", ADDRESS).prepare()
    response._content = content
    response.raw = HTTPResponse(
        BytesIO(content), headers, status=200, preload_content=False, request_url=ADDRESS
    )
    with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
        session.cache.save_response(response)


def main(crate: str, context: str, cache: str) -> int:
    keep(Path(context).read_bytes(), Path(cache))
    result = validate(
        ValidationSettings(
            rocrate_uri=crate,
            profile_identifier=PROFILE,
            requirement_severity=Severity.REQUIRED,
            offline=True,
            cache_path=Path(cache),
        )
    )
    for issue in result.get_issues():
        print(f"{issue.check.identifier}: {issue.message}")
    passed = len(result.statistics.passed_checks)
    print(f"{PROFILE}: {'passed' if result.passed() else 'failed'}, {passed} checks passed")
    return 0 if result.passed() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
