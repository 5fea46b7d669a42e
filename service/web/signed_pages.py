"""The addresses of pages on which people sign in and act."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from data.database import Database
from data.errors import KeyInvalid
from data.regions import list_set_names
from service.clock import Clock
from service.keys import FailedTries, identify
from service.settings import Settings
from service.web.desk_page import end_one_silence, render_desk, replay_one_message
from service.web.errors import PageRoute
from service.web.forms import read_form, take_field
from service.web.incident_page import act_on_incident, render_incident
from service.web.linked_action import do_linked_action, render_linked_action
from service.web.links import to_alerts, to_incident
from service.web.list_pages import render_alerts, render_all_alerts
from service.web.reading import Reader
from service.web.sessions import (
    begin_session,
    choose_next,
    end_session,
    find_session,
    require_form,
)
from service.web.templating import render_page

Form = Annotated[dict[str, str], Depends(read_form)]
Incident = Annotated[str, Path(max_length=96)]
_LONGEST_KEY = 200


def make_signed_pages(
    database: Database, settings: Settings, clock: Clock, reader: Reader
) -> APIRouter:
    """Returns the router of the pages that know who is signed in.

    A GET changes nothing. A POST needs the session and the token that its form carries.

    Args:
        database: The database.
        settings: The settings of the process.
        clock: The clock.
        reader: Reads for pages.
    """
    router = APIRouter(
        route_class=PageRoute, default_response_class=HTMLResponse, include_in_schema=False
    )
    failed_tries = FailedTries()

    @router.api_route("/alerts", methods=["GET", "HEAD"], response_model=None)
    def show_all_alerts(request: Request) -> HTMLResponse | RedirectResponse:
        with database.read() as connection:
            names = list_set_names(connection)
            if len(names) == 1:
                return RedirectResponse(to_alerts(names[0]), 303)
            me = find_session(connection, settings, request, clock())
            return render_all_alerts(reader, connection, me)

    @router.api_route("/sets/{set_name}/alerts", methods=["GET", "HEAD"])
    def show_alerts(set_name: str, request: Request) -> HTMLResponse:
        with database.read() as connection:
            me = find_session(connection, settings, request, clock())
            return render_alerts(reader, connection, set_name, me)

    @router.api_route("/alerts/act", methods=["GET", "HEAD"])
    def show_linked_action(token: str) -> HTMLResponse:
        with database.read() as connection:
            return render_linked_action(connection, settings, token, now=clock())

    @router.post("/alerts/act")
    def take_linked_action(fields: Form) -> HTMLResponse:
        with database.write() as connection:
            return do_linked_action(connection, settings, fields, now=clock())

    @router.api_route("/alerts/{incident_id}", methods=["GET", "HEAD"])
    def show_incident(incident_id: Incident, request: Request) -> HTMLResponse:
        now = clock()
        with database.read() as connection:
            me = find_session(connection, settings, request, now)
            return render_incident(reader, connection, incident_id, me, now)

    @router.post("/alerts/{incident_id}/{action}")
    def take_action(
        incident_id: Incident, action: str, fields: Form, request: Request
    ) -> RedirectResponse:
        now = clock()
        with database.write() as connection:
            me = find_session(connection, settings, request, now)
            act_on_incident(connection, incident_id, action, fields, me, now)
        return RedirectResponse(to_incident(incident_id), 303)

    @router.api_route("/desk", methods=["GET", "HEAD"])
    def show_desk(request: Request) -> HTMLResponse:
        now = clock()
        with database.read() as connection:
            me = find_session(connection, settings, request, now)
            return render_desk(connection, settings, me, now)

    @router.post("/desk/silences/{silence_id}/end")
    def end_silence(
        silence_id: Annotated[int, Path(ge=1, le=2**31 - 1)], fields: Form, request: Request
    ) -> RedirectResponse:
        now = clock()
        with database.write() as connection:
            me = find_session(connection, settings, request, now)
            end_one_silence(connection, silence_id, fields, me, now)
        return RedirectResponse("/desk", 303)

    @router.post("/desk/messages/{message_id}/replay")
    def replay_message(
        message_id: Annotated[str, Path(max_length=64)], fields: Form, request: Request
    ) -> RedirectResponse:
        now = clock()
        with database.write() as connection:
            me = find_session(connection, settings, request, now)
            replay_one_message(connection, message_id, fields, me, now)
        return RedirectResponse("/desk", 303)

    @router.api_route("/sign-in", methods=["GET", "HEAD"])
    def show_sign_in(next: str | None = None) -> HTMLResponse:  # noqa: A002 - name of the field
        return _ask_for_key(choose_next(next), "")

    @router.post("/sign-in", response_model=None)
    def sign_in(fields: Form, request: Request) -> HTMLResponse | RedirectResponse:
        now = clock()
        then = choose_next(fields.get("next"))
        address = request.client.host if request.client else ""
        failed_tries.check(address, now)
        try:
            key = take_field(fields, "key", longest=_LONGEST_KEY)
            caller = identify(database, key, now)
        except KeyInvalid as error:
            failed_tries.add(address, now)
            return _ask_for_key(then, error.message, status=401)
        answer = RedirectResponse(quote(then, safe="/:?=&%"), 303)
        begin_session(answer, settings, caller, now)
        return answer

    @router.post("/sign-out")
    def sign_out(fields: Form, request: Request) -> RedirectResponse:
        with database.read() as connection:
            me = find_session(connection, settings, request, clock())
        if me is not None:
            require_form(me, fields, None)
        answer = RedirectResponse("/", 303)
        end_session(answer, settings)
        return answer

    return router


def _ask_for_key(then: str, problem: str, status: int = 200) -> HTMLResponse:
    page = render_page("sign_in.html", status, next=then, problem=problem)
    page.headers["Cache-Control"] = "no-store"
    return page
