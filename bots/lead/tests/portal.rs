//! The bot on an emulated portal with a CRM, whose events it is sent, or fetches.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use lead::{Kind, Settings, routes};
use openlines::{app::Running, prelude::*};
use openlines_emulator::{Client, CrmBinding, CrmItem, Emulator, Portal, RestFault, containing};
use rstest::rstest;
use serde_json::json;

const SOON: Duration = Duration::from_secs(20);

struct Stage {
    portal: Portal,
    running: Running,
    _emulator: Emulator,
}

async fn stage(fetches: bool, settings: Settings) -> Stage {
    let emulator = Emulator::start().await;
    let portal = emulator.portal();
    portal.line().crm(CrmBinding::Nothing);
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Config::new()
        .without_admin()
        .listen(address)
        .database_url("memory:")
        .webhook(portal.webhook_url(), "a-token-of-our-own");
    let config = if fetches { config } else { config.public_url(format!("http://{address}")) };
    let app = App::new(config).bot(BotProfile::openline("lead").name("Requests"), routes(settings));
    let running = app.start().await.unwrap();
    tokio::time::timeout(SOON, running.set_up(1)).await.expect("the portal is set up");
    Stage { portal, running, _emulator: emulator }
}

impl Stage {
    async fn fill_in(&self, client: &Client) {
        for text in ["hello", "Ann", "+49 30 1234567", "ann@shop.example", "A bridge", "1500", "skip", "yes"]
        {
            client.says(text).await;
        }
        client.hears(containing("Is this right?")).within(SOON).await;
        client.says("yes").await;
    }

    /// The request's item, by the number that the client was told.
    async fn made(&self, client: &Client, kind: &str) -> CrmItem {
        client.hears(containing("has the number")).within(SOON).await;
        let said =
            self.portal.bot_messages().into_iter().find(|said| said.text.contains("has the number")).unwrap();
        let number: String = said.text.chars().filter(char::is_ascii_digit).collect();
        client
            .hears(format!("We will write to you here about request {number}.").as_str())
            .within(SOON)
            .await;
        self.portal.settled(SOON).await;
        tokio::time::timeout(SOON, self.running.idle()).await.expect("the app comes to rest");
        self.portal.crm_item(kind, number.parse().unwrap()).unwrap()
    }

    /// A call of somebody else.
    async fn call(&self, method: &str, params: serde_json::Value) -> i64 {
        let url = format!("{}{method}", self.portal.webhook_url());
        let answer = reqwest::Client::new().post(url).json(&params).send().await.unwrap();
        answer.json::<serde_json::Value>().await.unwrap()["result"].as_i64().unwrap()
    }

    fn calls(&self, method: &str) -> usize {
        self.portal.calls().iter().filter(|call| call.method == method).count()
    }

    async fn nobody_is_needed(&self) {
        let inbox = self.running.store().inbox(None, 9).await.unwrap();
        assert!(inbox.is_empty(), "{inbox:?}");
    }
}

#[rstest]
#[tokio::test]
async fn a_request_becomes_a_deal_of_its_contact_and_goes_on_through_the_chat(
    #[values(false, true)] fetches: bool,
) {
    let stage = stage(fetches, Settings::default()).await;
    let ann = stage.portal.client("Ann");
    stage.fill_in(&ann).await;
    let deal = stage.made(&ann, "deal").await;
    assert_eq!(
        (&deal.fields["TITLE"], &deal.fields["OPPORTUNITY"]),
        (&json!("Ann: A bridge"), &json!("1500.0"))
    );
    assert_eq!(deal.comments.len(), 1);
    assert!(deal.comments[0].text.contains("+49301234567"), "{:?}", deal.comments);
    let contact = deal.fields["CONTACT_ID"].as_str().unwrap().parse().unwrap();
    let contact = stage.portal.crm_item("contact", contact).unwrap();
    assert_eq!(contact.chats, [ann.chat_id()], "the chat is bound");
    assert_eq!(contact.fields["EMAIL"][0]["VALUE"], "ann@shop.example");
    let through =
        stage.portal.calls().into_iter().find(|call| call.method == "imopenlines.crm.message.add").unwrap();
    assert_eq!((through.status, &through.params["CRM_ENTITY_TYPE"]), (200, &json!("contact")));
    assert_eq!(stage.calls("imopenlines.bot.session.operator"), 1);
    stage.nobody_is_needed().await;
}

#[rstest]
#[tokio::test]
async fn the_contact_is_found_by_phone_or_by_address(#[values("PHONE", "EMAIL")] by: &str) {
    let stage = stage(false, Settings::default()).await;
    let value = if by == "PHONE" { "+49 (30) 123-45-67" } else { "Ann@Shop.example" };
    let fields = json!({"fields": {"NAME": "Ann", by: [{"VALUE": value}]}});
    let known = stage.call("crm.contact.add", fields).await;
    let ann = stage.portal.client("Ann");
    stage.fill_in(&ann).await;
    let deal = stage.made(&ann, "deal").await;
    assert_eq!(deal.fields["CONTACT_ID"], known.to_string());
    assert_eq!(stage.portal.crm_item("contact", known).unwrap().chats, [ann.chat_id()]);
    assert_eq!(stage.calls("crm.contact.add"), 1, "the test's own");
    stage.nobody_is_needed().await;
}

#[rstest]
#[case::a_deal(Kind::Deal, "deal", CrmBinding::Deal)]
#[case::a_lead(Kind::Lead, "lead", CrmBinding::Lead)]
#[tokio::test]
async fn an_item_that_the_line_has_bound_is_filled_in(
    #[case] kind: Kind,
    #[case] name: &str,
    #[case] binding: CrmBinding,
) {
    let settings = Settings { item: kind, ..Settings::default() };
    let stage = stage(false, settings).await;
    stage.portal.line().crm(binding);
    let ann = stage.portal.client("Ann");
    stage.fill_in(&ann).await;
    let item = stage.made(&ann, name).await;
    assert_eq!(item.chats, [ann.chat_id()], "the line's own");
    assert_eq!(item.fields["TITLE"], "Ann: A bridge");
    assert_eq!(stage.calls(&format!("crm.{name}.add")), 0);
    stage.nobody_is_needed().await;
}

#[rstest]
#[case::the_answer_is_lost(RestFault::CloseAfterExecution)]
#[case::the_call_is_lost(RestFault::CloseBeforeExecution)]
#[tokio::test]
async fn an_unknown_outcome_makes_no_second_lead(
    #[case] fault: RestFault,
    #[values(false, true)] fetches: bool,
) {
    let settings = Settings { item: Kind::Lead, ..Settings::default() };
    let stage = stage(fetches, settings).await;
    stage.portal.faults().rest("crm.lead.add", fault, 1);
    let ann = stage.portal.client("Ann");
    stage.fill_in(&ann).await;
    let lead = stage.made(&ann, "lead").await;
    assert_eq!(lead.chats, [ann.chat_id()], "the chat is bound");
    let others = (lead.id - 5..lead.id + 5).filter(|id| {
        let item = stage.portal.crm_item("lead", *id);
        item.is_some_and(|item| item.fields["ORIGINATOR_ID"] == "openlines.lead")
    });
    assert_eq!(others.collect::<Vec<_>>(), [lead.id]);
    assert_eq!(lead.comments.len(), 1);
    stage.nobody_is_needed().await;
}
