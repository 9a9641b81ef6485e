import json

from devhost.http.replies import refusal


def test_a_refusal_carries_what_the_sdk_reads() -> None:
    plain, told = refusal(400, "no"), refusal(500, "no", ValueError("because"))

    assert (plain.status, json.loads(plain.body)) == (400, {"Message": "no"})
    assert json.loads(told.body) == {
        "Message": "no",
        "ExceptionMessage": "because",
        "ExceptionType": "ValueError",
        "StackTrace": "",
    }
