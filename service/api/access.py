"""Who may ask: keys and their scopes at the addresses that are not open to everybody."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from data.errors import KeyInvalid, KeyMissing, ScopeMissing
from service.api.context import ApiContext
from service.keys import SCOPES, Caller, identify

PROTECTED = ("key_missing", "key_invalid", "scope_missing", "too_many_tries")
"""Codes of the problems that an address with `require_scope` may answer with."""

_SCHEME = HTTPBearer(
    scheme_name="key",
    bearerFormat="tocsin_…",
    description="A key of `tocsin keys create`, sent as `Authorization: Bearer tocsin_…`.",
    auto_error=False,
)


def require_scope(context: ApiContext, *scopes: str) -> Any:
    """Returns the default value of a parameter `caller: Caller` that demands a key with a scope.

    Declare `PROTECTED` among the problems of the address.

    Args:
        context: What every address works with.
        *scopes: Keys of `SCOPES`; any one of them will do.
    """
    if not scopes or not SCOPES.keys() >= set(scopes):
        raise AssertionError(f"undeclared scope among {scopes}")

    def identify_caller(
        request: Request, credentials: HTTPAuthorizationCredentials | None = Security(_SCHEME)
    ) -> Caller:
        if credentials is None:
            raise KeyMissing(
                "This address needs a key.", "Send it as `Authorization: Bearer tocsin_…`."
            )
        now = context.clock()
        address = request.client.host if request.client else ""
        context.failed_tries.check(address, now)
        try:
            caller = identify(context.database, credentials.credentials, now)
        except KeyInvalid:
            context.failed_tries.add(address, now)
            raise
        if caller.scopes.isdisjoint(scopes):
            raise ScopeMissing(scopes[0])
        return caller

    return Security(identify_caller, scopes=scopes)
