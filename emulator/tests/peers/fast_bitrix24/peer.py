"""fast-bitrix24: calls, batches and whole lists, by webhook and by token."""

import asyncio
import os
import sys
import traceback
from urllib.parse import parse_qs, urlsplit

import aiohttp
from fast_bitrix24 import Bitrix, BitrixAsync

WEBHOOK = os.environ["PEER_WEBHOOK"]
ORIGIN = os.environ["PEER_ORIGIN"]


def by_webhook():
    return Bitrix(WEBHOOK, verbose=False)


async def token():
    """A token of the application, from the authorisation page."""
    client_id = os.environ["PEER_CLIENT_ID"]
    async with aiohttp.ClientSession() as http:
        page = f"{ORIGIN}/oauth/authorize/"
        asked = {"client_id": client_id, "state": "peer"}
        async with http.get(page, params=asked, allow_redirects=False) as sent:
            code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
        exchange = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "client_secret": os.environ["PEER_CLIENT_SECRET"],
            "code": code,
        }
        async with http.get(f"{ORIGIN}/oauth/token/", params=exchange) as answer:
            return (await answer.json())["access_token"]


def one_call():
    # It gives a row back under a label of its own making.
    (lead,) = by_webhook().call("crm.lead.get", {"ID": 7}).values()
    assert lead["TITLE"] == "Lead 7"
    assert by_webhook().call("profile", raw=True)["result"]["ID"] == "1"


def many_calls_go_in_batches():
    leads = by_webhook().call("crm.lead.get", [{"ID": number} for number in range(1, 61)])
    # Its two batches race, and it gives the rows back as they come.
    assert sorted(int(lead["ID"]) for lead in leads) == list(range(1, 61))


def a_whole_list():
    leads = by_webhook().get_all("crm.lead.list", {"select": ["ID", "TITLE"]})
    assert sorted(int(lead["ID"]) for lead in leads) == list(range(1, 121))


def a_filtered_list():
    leads = by_webhook().get_all("crm.lead.list", {"filter": {">ID": 60}})
    assert sorted(int(lead["ID"]) for lead in leads) == list(range(61, 121))


def rows_by_their_ids():
    leads = by_webhook().get_by_ID("crm.lead.get", list(range(1, 71)))
    assert len(leads) == 70 and leads["70"]["TITLE"] == "Lead 70"


def a_batch_of_ones_own():
    answer = by_webhook().call_batch({
        "halt": 0,
        "cmd": {"lead": "crm.lead.get?ID=5", "same": "crm.lead.get?ID=$result[lead][ID]"},
    })
    assert answer["same"]["TITLE"] == "Lead 5", answer


def an_application_with_a_token():
    async def run():
        portal = BitrixAsync(f"{ORIGIN}/rest/", token_func=token, verbose=False)
        return await portal.get_all("crm.lead.list")

    assert len(asyncio.run(run())) == 120


TESTS = [
    one_call,
    many_calls_go_in_batches,
    a_whole_list,
    a_filtered_list,
    rows_by_their_ids,
    a_batch_of_ones_own,
    an_application_with_a_token,
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
