"""b24pysdk: calls, errors, batches and lists by webhook, and calls by token."""

import os
import sys
import traceback
from urllib.parse import parse_qs, urlsplit

import requests
from b24pysdk import BitrixApp, BitrixToken, BitrixWebhook, Client
from b24pysdk.errors import BitrixAPIError

ORIGIN = os.environ["PEER_ORIGIN"]
DOMAIN = urlsplit(ORIGIN).netloc
USER, CODE = os.environ["PEER_WEBHOOK"].rstrip("/").split("/")[-2:]
HOOK = BitrixWebhook(domain=DOMAIN, webhook_token=f"{USER}/{CODE}")
CLIENT = Client(HOOK)


def authorised():
    """A token of the application, from the authorisation page."""
    client_id = os.environ["PEER_CLIENT_ID"]
    page = requests.get(
        f"{ORIGIN}/oauth/authorize/",
        params={"client_id": client_id, "state": "peer"},
        allow_redirects=False,
        timeout=10,
    )
    code = parse_qs(urlsplit(page.headers["Location"]).query)["code"][0]
    secret = os.environ["PEER_CLIENT_SECRET"]
    pair = requests.get(
        f"{ORIGIN}/oauth/token/",
        params={
            "grant_type": "authorization_code",
            "client_id": client_id,
            "client_secret": secret,
            "code": code,
        },
        timeout=10,
    ).json()
    return BitrixToken(
        domain=DOMAIN,
        auth_token=pair["access_token"],
        refresh_token=pair["refresh_token"],
        bitrix_app=BitrixApp(client_id=client_id, client_secret=secret),
    )


def a_webhook_calls_a_method():
    assert CLIENT.profile().result["ID"] == "1"
    assert CLIENT.crm.lead.get(bitrix_id=7).result["TITLE"] == "Lead 7"


def an_answer_has_its_time():
    assert CLIENT.profile().time.finish > 0


def an_error_is_raised():
    try:
        CLIENT.crm.lead.get(bitrix_id=999999).result
    except BitrixAPIError as error:
        assert "Not found" in str(error), error
    else:
        raise AssertionError("no error")


def a_method_that_is_none_is_an_error():
    try:
        HOOK.call_method("crm.nothing.at.all")
    except BitrixAPIError as error:
        assert error.error == "ERROR_METHOD_NOT_FOUND", error
    else:
        raise AssertionError("no error")


def a_page_has_next_and_total():
    page = CLIENT.crm.lead.list().response
    assert (len(page.result), page.next, page.total) == (50, 50, 120)


def a_list_is_read_to_its_end():
    leads = CLIENT.crm.lead.list(select=["ID"]).as_list().result
    assert [int(lead["ID"]) for lead in leads] == list(range(1, 121))


def a_list_is_read_by_ids_in_batches():
    leads = list(CLIENT.crm.lead.list(select=["ID"]).as_list_fast().result)
    assert [int(lead["ID"]) for lead in leads] == list(range(1, 121))


def a_batch_keeps_its_names():
    answer = CLIENT.call_batch({"me": CLIENT.profile(), "lead": CLIENT.crm.lead.get(bitrix_id=3)})
    assert answer.result.result["me"]["ID"] == "1"
    assert answer.result.result["lead"]["TITLE"] == "Lead 3"


def many_calls_are_split_into_batches():
    calls = {f"n{number}": CLIENT.crm.lead.get(bitrix_id=number) for number in range(1, 61)}
    leads = CLIENT.call_batches(calls).result.result
    assert {name: lead["TITLE"] for name, lead in leads.items()} == {
        f"n{number}": f"Lead {number}" for number in range(1, 61)
    }


def an_application_calls_with_its_token():
    token = authorised()
    assert token.call_method("app.info")["result"]["CODE"] == os.environ["PEER_CLIENT_ID"]
    assert Client(token).profile().result["ID"] == "1"


TESTS = [
    a_webhook_calls_a_method,
    an_answer_has_its_time,
    an_error_is_raised,
    a_method_that_is_none_is_an_error,
    a_page_has_next_and_total,
    a_list_is_read_to_its_end,
    a_list_is_read_by_ids_in_batches,
    a_batch_keeps_its_names,
    many_calls_are_split_into_batches,
    an_application_calls_with_its_token,
]

failed = 0
for test in TESTS:
    try:
        test()
        print(f"ok   {test.__name__}")
    except Exception:
        failed += 1
        print(f"FAIL {test.__name__}")
        traceback.print_exc()
print(f"{len(TESTS) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
