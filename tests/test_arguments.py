"""What callers hand in is checked before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InvalidInputError
from omics_batch._api.arguments import batch_id_of
from omics_batch._transport.endpoint import check_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "us-west-2"
ARN = "arn:aws:omics:us-west-2:123456789012:runBatch/7123456"

T = TypeVar("T")


def outcome_of(ask: Callable[[], T]) -> T | InvalidInputError:
    try:
        return ask()
    except InvalidInputError as error:
        return error


@pytest.mark.parametrize("batch", ["0", "7123456", "9" * 18])
def test_an_id_is_itself(batch: str) -> None:
    assert batch_id_of(batch, REGION) == batch


@pytest.mark.parametrize(
    ("arn", "region"),
    [
        (ARN, "us-west-2"),
        ("arn:aws-us-gov:omics:us-gov-west-1:123456789012:runBatch/7123456", "us-gov-west-1"),
        ("arn:aws-cn:omics:cn-north-1:123456789012:runBatch/7123456", "cn-north-1"),
    ],
)
def test_an_arn_of_the_clients_region_gives_its_id(arn: str, region: str) -> None:
    assert batch_id_of(arn, region) == "7123456"


@pytest.mark.parametrize(
    "batch",
    [
        "",
        " ",
        ".",
        "..",
        "../run/1",
        "7123456/run",
        "7123456?status=FAILED",
        "7123456#",
        "%2e%2e",
        "9" * 19,
        "-1",
        "+1",
        "1_000",
        "1e5",
        "0x1f",
        " 7123456",
        "7123456 ",
        "7123456\n",
        "7123456\r\nHost: evil.example",
        "\x007123456",
        "٧١٢٣٤٥٦",  # Arabic digits
        "７１２３４５６",  # full-width digits
        "7123456²",
        "genomics-cohort-analysis",
        "ARN:aws:omics:us-west-2:123456789012:runBatch/7123456",
        "x" * 100_000,
    ],
    ids=lambda batch: ascii(batch)[:40],
)
def test_what_is_no_id_goes_nowhere(batch: str) -> None:
    with pytest.raises(InvalidInputError, match="is no batch id: give 1 to 18 digits, such as 7123456") as raised:
        batch_id_of(batch, REGION)
    assert len(str(raised.value)) < 250
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("batch", [None, 7123456, b"7123456", ["7123456"]], ids=repr)
def test_what_is_no_text_is_no_id(batch: object) -> None:
    with pytest.raises(InvalidInputError, match=f"an id or ARN as text, not {type(batch).__name__}$"):
        batch_id_of(batch, REGION)


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        ("arn:", "is no ARN of a run batch"),
        ("arn:aws:omics:us-west-2:123456789012", "is no ARN of a run batch"),
        ("arn:aws:omics:us-west-2::runBatch/7123456", "is no ARN of a run batch"),
        ("arn:aws:omics:us-west-2:12345678901:runBatch/7123456", "is no ARN of a run batch"),
        ("arn:aws:omics:us-west-2:12345678901２:runBatch/7123456", "is no ARN of a run batch"),
        ("arn:azure:omics:us-west-2:123456789012:runBatch/7123456", "is no ARN of a run batch"),
        (f"{ARN}\n", "is no ARN of a run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch/7\n123456", "is no ARN of a run batch"),
        (f" {ARN}", "is no batch id"),
        ("arn:aws:s3:us-west-2:123456789012:runBatch/7123456", "belongs to the service 's3', not to omics"),
        ("arn:aws:s3:::my-bucket/key", "is no ARN of a run batch"),
        ("arn:aws:omics:us-west-2:123456789012:run/7123456", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runbatch/7123456", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch/", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch/..", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch/7123456/run", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch/٧", "names no run batch"),
        ("arn:aws:omics:us-west-2:123456789012:runBatch/" + "9" * 19, "names no run batch"),
        (ARN.replace("us-west-2", "eu-west-1"), "is in 'eu-west-1', and this client uses us-west-2"),
        (ARN.replace("us-west-2", ""), "is in '', and this client uses us-west-2"),
        (ARN.replace("us-west-2", "US-WEST-2"), "is in 'US-WEST-2'"),
    ],
    ids=lambda text: ascii(text)[:80],
)
def test_an_arn_of_something_else_goes_nowhere(arn: str, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(reason)) as raised:
        batch_id_of(arn, REGION)
    assert str(raised.value).isprintable()


@given(text=st.text() | st.from_regex(r"[0-9]{0,20}") | st.from_regex(r"arn:aws:omics:us-west-2:[0-9]{12}:runBatch/.*"))
def test_any_text_gives_ascii_digits_or_an_error_in_one_line(text: str) -> None:
    answer = outcome_of(lambda: batch_id_of(text, REGION))
    if isinstance(answer, InvalidInputError):
        assert str(answer).isprintable()
    else:
        assert re.fullmatch("[0-9]{1,18}", answer)
        assert answer.isascii()
        assert text in (answer, f"arn:aws:omics:{REGION}:{text[24:36]}:runBatch/{answer}")


@pytest.mark.parametrize(
    "url",
    [
        "https://omics.us-west-2.amazonaws.com",
        "https://vpce-1.omics.us-west-2.vpce.amazonaws.com/",
        "https://proxy.example:8443/omics",
        "https://10.0.0.1",
        "HTTPS://PROXY.EXAMPLE",
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://[::1]:8080",
        "http://localhost:8080/",
        "http://LOCALHOST",
    ],
)
def test_https_anywhere_and_http_to_this_machine_are_fine(url: str) -> None:
    check_endpoint(url, allow_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://omics.us-west-2.amazonaws.com",
        "http://10.0.0.1:8080",
        "http://169.254.169.254",
        "http://0.0.0.0",
        "http://[::]",
        "http://[fe80::1]",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://localhost.",
        "http://127.1",
        "http://0177.0.0.1",
        "http://2130706433",
    ],
)
def test_http_to_another_machine_needs_the_callers_word(url: str) -> None:
    """The session token travels in each request's headers."""
    with pytest.raises(InvalidInputError, match="plain http to another machine.*allow_http=True"):
        check_endpoint(url, allow_http=False)
    check_endpoint(url, allow_http=True)


@pytest.mark.parametrize(
    "host", ["omics_sim", "omics.lab_1.internal", "ömics.lab", "-omics.lab", 64 * "o", "a..b", r"127.0.0.1\.lab"]
)
def test_a_host_that_no_request_can_go_to_is_refused_with_the_reason(host: str) -> None:
    """As a name in a network of containers: an underscore is no part of a host's name."""
    with pytest.raises(InvalidInputError, match="may hold letters of ASCII, digits, hyphens and dots: no underscore"):
        check_endpoint(f"http://{host}:8080/lab", allow_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@proxy.example",
        "https://user@proxy.example",
        "https://@proxy.example",
        "https://proxy.example?token=hunter2",
        "https://proxy.example/?",
        "https://proxy.example/#hunter2",
        "https://proxy.example#",
        r"https://good.example\@evil.example",
    ],
)
def test_an_endpoint_is_a_host_a_port_and_a_path(url: str) -> None:
    for allow_http in (True, False):
        with pytest.raises(InvalidInputError, match="no user, password, query or fragment") as raised:
            check_endpoint(url, allow_http=allow_http)
        assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "omics",
        "proxy.example:8080",
        "//proxy.example",
        "ftp://proxy.example",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://:8080",
        "https://proxy.example:port",
        "https://proxy.example:99999",
        "https://[::1",
        "https://proxy.example\n",
        "https://pro\nxy.example",
        "https://pro\txy.example",
        " https://proxy.example",
        "https://proxy.example/a b",
        "https://proxy.example/\x1b[2J",
    ],
    ids=ascii,
)
def test_what_is_no_url_is_refused(url: str) -> None:
    for allow_http in (True, False):
        with pytest.raises(InvalidInputError, match=r"^the endpoint '.*' is no http or https URL$") as raised:
            check_endpoint(url, allow_http=allow_http)
        assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://user:hunter2@proxy.example",
        "https://user:hunter2@proxy.example:port",
        "user:hunter2@proxy.example",
        "ftp://proxy.example?token=hunter2",
        "https://user:hunter2@proxy.example:port/?token=hunter2",
    ],
)
def test_what_may_be_a_secret_in_a_refused_url_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        check_endpoint(url, allow_http=True)
    assert "hunter2" not in str(raised.value)


@given(url=st.text() | st.text().map("http://{}".format))
def test_any_text_as_an_endpoint_is_fine_or_an_error_in_one_line(url: str) -> None:
    answer = outcome_of(lambda: check_endpoint(url, allow_http=False))
    assert answer is None or str(answer).isprintable()
