"""Functions that live in blueprints."""

from driver import Driver

APP = "blueprints"


def test_runs_the_orchestrator_of_a_durable_blueprint(driver: Driver) -> None:
    instance = driver.start("greet_everyone", ["Ada", "Blaise"])

    assert driver.result(instance) == ["Hello, Ada!", "Hello, Blaise!"]


def test_answers_the_starter_with_links_to_the_instance(driver: Driver) -> None:
    reply = driver.request("POST", "/api/start/greet_everyone", ["Ada"])

    assert reply.status == 202
    links = reply.json()
    assert reply.headers["location"] == links["statusQueryGetUri"]
    assert driver.result(links["id"]) == ["Hello, Ada!"]


def test_serves_the_pages_of_a_plain_blueprint(driver: Driver) -> None:
    reply = driver.request("GET", "/api/pages/welcome")

    assert (reply.status, reply.body) == (200, b"<h1>welcome</h1>")
    assert reply.headers["content-type"].startswith("text/html")


def test_passes_on_the_status_a_function_chose(driver: Driver) -> None:
    reply = driver.request("GET", "/api/pages/missing")

    assert (reply.status, reply.body) == (404, b"no such page")


def test_hands_a_function_the_query_headers_and_body(driver: Driver) -> None:
    reply = driver.request("POST", "/api/mirror?a=1&b=two%20words", {"n": [1]}, {"X-Colour": "green"})

    assert reply.status == 201
    assert reply.json() == {"query": {"a": "1", "b": "two words"}, "colour": "green", "body": {"n": [1]}}
    assert reply.headers["x-mirror"] == "flat"


def test_knows_no_other_paths(driver: Driver) -> None:
    assert driver.request("GET", "/api/nowhere").status == 404


def test_knows_no_other_methods(driver: Driver) -> None:
    assert driver.request("DELETE", "/api/pages/welcome").status in (404, 405)
