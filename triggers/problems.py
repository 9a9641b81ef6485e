"""Refusals as the HTTP API tells them: RFC 9457, and the sentence once more as `error`."""

import logging
from collections.abc import Awaitable, Mapping
from http import HTTPStatus

import azure.functions as func

from dirigent import codec
from dirigent.domain.inputs import InputRefused
from dirigent.domain.inputs import Problem as FieldProblem
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.unreadable import Unreadable
from triggers.instances import InstancesUnavailable

#: Seconds a caller is asked to leave us alone when a store did not answer.
BREATHER = 5
_STORES: dict[type[Exception], str] = {
    RecordsUnavailable: "The records do",
    ArtifactsUnavailable: "The artifacts do",
    InstancesUnavailable: "Durable Functions does",
}

log = logging.getLogger(__name__)


class Refused(Exception):
    """The request ends here, with this status and sentence."""

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        fields: tuple[FieldProblem, ...] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        self.status, self.sentence, self.fields = status, sentence, fields
        self.headers = dict(headers or {})
        #: What programs are told besides.
        self.members = dict(members or {})
        super().__init__(sentence)


def ill_fitting(error: InputRefused) -> Refused:
    """An input that does not fit what its workflow declares."""
    return Refused(400, error.sentence, fields=error.problems)


async def answered(work: Awaitable[func.HttpResponse]) -> func.HttpResponse:
    """What the work replies, or why it could not."""
    try:
        return await work
    except Refused as refused:
        return _reply(refused)
    except (RecordsUnavailable, ArtifactsUnavailable, InstancesUnavailable) as error:
        # The reason may name folders, hosts and accounts: it is for whoever runs the app.
        if isinstance(error, InstancesUnavailable):
            # The SDK raises bare exceptions, of which only the stack says whence they come.
            log.warning("A request could not be answered.", exc_info=error)
        else:
            log.warning("A request could not be answered: %s", in_a_line(error))
        who = next(who for kind, who in _STORES.items() if isinstance(error, kind))
        sentence = f"{who} not answer. Try again in {BREATHER} seconds."
        return _reply(Refused(503, sentence, headers={"Retry-After": str(BREATHER)}))
    except Unreadable as unreadable:
        log.warning("A request could not be answered.", exc_info=unreadable)
        return _reply(Refused(410, str(unreadable)))


def in_a_line(error: RecordsUnavailable | ArtifactsUnavailable) -> str:
    """The sentence of a store that does not answer, for the log: it says all, and a stack says no more."""
    return " ".join(str(error).split())


def _reply(refused: Refused) -> func.HttpResponse:
    sentence = _valid(refused.sentence)
    values: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": sentence,
        "error": sentence,
    }
    if refused.fields:
        values["errors"] = [
            {"field": _valid(problem.field), "message": _valid(problem.message)} for problem in refused.fields
        ]
    return func.HttpResponse(
        codec.to_json(values | refused.members),
        status_code=refused.status,
        headers=refused.headers,
        mimetype="application/problem+json",
    )


def _valid(text: str) -> str:
    # What a caller sent is told back to them: half a character in it must not end as a 500.
    return text.encode("utf-8", "replace").decode()
