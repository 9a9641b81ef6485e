from devhost.functions.catalog import HTTP, Binding, Function
from devhost.http.home_page import home_page


def test_lists_the_functions_and_trusts_no_name() -> None:
    trigger = Binding(type=HTTP, name="req")
    function = Function(
        name="<b>",
        trigger=trigger,
        bindings=(trigger,),
        call=print,
        is_async=False,
        directory=".",
        wants_context=False,
    )

    reply = home_page([(function, "[GET] http://h/api/{x}")], hub="Hub & Co", instances="3 instances")

    page = reply.body.decode()
    assert reply.status == 200
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert "<td>&lt;b&gt;</td><td>httpTrigger</td><td>[GET] http://h/api/{x}</td>" in page
    assert "Hub &amp; Co" in page
    assert "3 instances" in page
